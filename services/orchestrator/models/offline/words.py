# SPDX-License-Identifier: Apache-2.0
"""A request as words: quoted text is one word, punctuation after a word is a word of its own.

Requests can be long and come from anybody, so this looks at each character once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTES = ("```", '"', "'", "`")
_PLAIN = re.compile(r'[^\s"`]+|["`]+')
_BLANK = re.compile(r"\s*")
_MARKS = ",;:.!?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word and where it stands; ``text`` is without the quotes."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def key(self) -> str:
        """The word to compare with; quoted words equal none."""
        return "" if self.quoted else self.text.lower()

    @property
    def is_name(self) -> bool:
        """Tell whether it can name a file: it is quoted, or has a dot or slash in it."""
        return self.quoted or (len(self.text) > 1 and any(mark in self.text for mark in "./"))


def words_of(text: str) -> list[Word]:
    """Return the words of a text in their order."""
    words: list[Word] = []
    unclosed: set[str] = set()
    position = _end_of_blank(text, 0)
    while position < len(text):
        word = _quoted(text, position, unclosed)
        words += [word] if word else _plain(text, position)
        position = _end_of_blank(text, words[-1].end)
    return words


def raw(text: str, words: Sequence[Word]) -> str:
    """Return the text as it stands from the first of some words to the last."""
    return text[words[0].start : words[-1].end] if words else ""


def _end_of_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _quoted(text: str, start: int, unclosed: set[str]) -> Word | None:
    quote = next((quote for quote in _QUOTES if text.startswith(quote, start)), None)
    if quote is None or quote in unclosed:
        return None
    end = text.find(quote, start + len(quote))
    while quote == "'" and end >= 0 and text[end + 1 : end + 2].isalnum():
        end = text.find(quote, end + 1)
    if end < 0:
        unclosed.add(quote)
        return None
    inner = text[start + len(quote) : end]
    if quote == "```" and "\n" in inner:
        inner = inner.split("\n", 1)[1]
    return Word(text=inner, start=start, end=end + len(quote), quoted=True)


def _plain(text: str, start: int) -> list[Word]:
    match = _PLAIN.match(text, start)
    end = match.end() if match else start + 1
    stem = text[start:end].rstrip(_MARKS)
    middle = start + len(stem)
    parts = [(start, middle), *((mark, mark + 1) for mark in range(middle, end))]
    return [
        Word(text=text[first:last], start=first, end=last) for first, last in parts if first < last
    ]
