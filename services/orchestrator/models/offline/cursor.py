# SPDX-License-Identifier: Apache-2.0
"""Reading words one after another."""

from collections.abc import Collection, Sequence

from services.orchestrator.models.offline.words import Word, raw

_ARTICLES = ("a", "an", "the", "new", "empty", "all", "my", "me", "called", "named")
_KINDS = ("file", "files", "script", "document", "note", "program", "command", "word", "text")
_FILLERS = frozenset((*_ARTICLES, *_KINDS))


class Cursor:
    """A place in the words of a step."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words
        self._at = 0

    @property
    def ended(self) -> bool:
        """Tell whether all words were read."""
        return self._at >= len(self._words)

    def peek(self, ahead: int = 0) -> str:
        """Return the key of a word that is not read yet; empty if there is none."""
        at = self._at + ahead
        return self._words[at].key if at < len(self._words) else ""

    def take(self, *keys: str) -> bool:
        """Read the next words if they are these, in this order."""
        found = all(self.peek(ahead) == key for ahead, key in enumerate(keys))
        self._at += len(keys) if found else 0
        return found

    def take_one(self, keys: Collection[str]) -> bool:
        """Read the next word if it is one of these."""
        found = self.peek() in keys
        self._at += found
        return found

    def skip_fillers(self) -> None:
        """Read articles and the like, which say nothing."""
        while self.take_one(_FILLERS):
            pass

    def name(self) -> str | None:
        """Read a word that can name a file."""
        self.skip_fillers()
        return self._read(must_be_name=True)

    def word(self) -> str | None:
        """Read any word."""
        return self._read(must_be_name=False)

    def quoted_next(self) -> bool:
        """Tell whether the next word is quoted."""
        return not self.ended and self._words[self._at].quoted

    def rest(self) -> str:
        """Read all that is left: a single quoted word without its quotes, else as it stands."""
        left = self._words[self._at :]
        self._at = len(self._words)
        return left[0].text if len(left) == 1 and left[0].quoted else raw(self._text, left)

    def _read(self, *, must_be_name: bool) -> str | None:
        if self.ended or (must_be_name and not self._words[self._at].is_name):
            return None
        self._at += 1
        return self._words[self._at - 1].text
