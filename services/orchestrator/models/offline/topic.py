# SPDX-License-Identifier: Apache-2.0
"""Whose matter a step is, by the words in it."""

from collections.abc import Iterable

from services.orchestrator.models.offline.step import Call, Topic
from services.orchestrator.models.offline.words import Word

_OF_TOOL: dict[str, Topic] = {
    "write_file": "coder",
    "edit_file": "coder",
    "run_command": "coder",
    "read_file": "ask",
    "list_files": "ask",
    "search_files": "ask",
    "calculate": "ask",
}

_FAILURE = ("bug", "bugs", "debug", "error", "errors", "exception", "traceback", "crash", "crashes")
_FAILING = ("broken", "fails", "failing", "failed", "failure", "fix", "wrong")
_DESIGN = (
    "architecture",
    "architect",
    "design",
    "plan",
    "plans",
    "structure",
    "diagram",
    "roadmap",
)
_CHANGE = ("write", "create", "save", "make", "edit", "change", "replace", "add", "rename")
_CODE = ("implement", "refactor", "code", "script", "function", "class", "run", "execute")
_QUESTION = ("what", "which", "who", "where", "when", "why", "how", "explain", "describe", "?")
_FILES = ("read", "list", "show", "find", "search", "summarize", "summarise", "file", "files")

_OF_WORD: dict[Topic, frozenset[str]] = {
    "debug": frozenset((*_FAILURE, *_FAILING)),
    "architect": frozenset(_DESIGN),
    "coder": frozenset((*_CHANGE, *_CODE)),
    "ask": frozenset((*_QUESTION, *_FILES)),
}


def topic_of(words: Iterable[Word], calls: Iterable[Call]) -> Topic | None:
    """Return the topic of a step: that of its first call, else of the first kind of word in it.

    Quoted words and names of files do not count.
    """
    for call in calls:
        return _OF_TOOL.get(call.tool)
    keys = {word.key for word in words if not word.is_name}
    return next((topic for topic, known in _OF_WORD.items() if keys & known), None)
