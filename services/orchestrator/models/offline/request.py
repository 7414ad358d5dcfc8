# SPDX-License-Identifier: Apache-2.0
"""A request as steps."""

from collections.abc import Sequence

from services.orchestrator.models.offline.cursor import Cursor
from services.orchestrator.models.offline.grammar import VERBS, calls_of
from services.orchestrator.models.offline.step import Call, Step
from services.orchestrator.models.offline.topic import topic_of
from services.orchestrator.models.offline.words import Word, raw, words_of

_POLITE = frozenset(
    ("please", "kindly", "now", "first", "also", "and", "can", "could", "would", "you", ",", "then")
)
_CLOSING = frozenset((".", "!", "?", ",", "please", "and"))


def steps_of(request: str) -> list[Step]:
    """Return the steps of a request: ``;`` or ``then`` before a verb begins a new one.

    A verb is one that the grammar knows, so that other semicolons stay part of what is written.
    """
    words = words_of(request)
    steps: list[list[Word]] = [[]]
    for at, word in enumerate(words):
        if word.key in {";", "then"} and _verb_follows(words[at + 1 : at + 7]):
            while steps[-1] and steps[-1][-1].key in {"and", ",", ";"}:
                steps[-1].pop()
            steps.append([])
        else:
            steps[-1].append(word)
    return [_step(request, step) for step in steps if step]


def _verb_follows(words: Sequence[Word]) -> bool:
    following = next((word.key for word in words if word.key not in _POLITE), "")
    return following in VERBS


def _step(request: str, words: list[Word]) -> Step:
    calls = _calls(request, words)
    return Step(text=raw(request, words), calls=calls, topic=topic_of(words, calls))


def _calls(request: str, words: list[Word]) -> tuple[Call, ...]:
    """Read a step without its courtesies; but what is written into a file keeps its last dot."""
    first = next((at for at, word in enumerate(words) if word.key not in _POLITE), len(words))
    last = len(words)
    while last > first and words[last - 1].key in _CLOSING:
        last -= 1
    calls = calls_of(Cursor(request, words[first:last]))
    if calls and calls[0].tool == "write_file" and not words[last - 1].quoted:
        return calls_of(Cursor(request, words[first:])) or calls
    return calls
