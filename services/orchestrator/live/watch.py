# SPDX-License-Identifier: Apache-2.0
"""One reader that follows a session."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

MAX_UNREAD = 1_000_000
"""How many characters are kept for a reader that is slower than the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some text of a model as it was written; the answer as a whole is in an event later.

    ``offset`` counts the characters before it in this answer. When it is 0 again, the model was
    asked again and what came before is void.
    """

    turn_id: str
    step: int
    agent: str
    offset: int
    text: str


class Watch:
    """Is woken when something happened in a session, and holds the text that was not yet read."""

    def __init__(self, session_id: str, *, text: bool) -> None:
        self.session_id = session_id
        self.wants_text = text
        self.closed = False
        """Whether the server stops, so that the reader has to go to another one."""
        self._woken = asyncio.Event()
        self._pieces: list[Piece] = []
        self._unread = 0

    def wake(self) -> None:
        """Say that there may be something new."""
        self._woken.set()

    def close(self) -> None:
        """Say that this reader has to leave."""
        self.closed = True
        self._woken.set()

    def add(self, piece: Piece) -> None:
        """Keep some text until it is read, or drop it when the reader is far behind."""
        if not self.wants_text or self._unread + len(piece.text) > MAX_UNREAD:
            return
        self._pieces.append(piece)
        self._unread += len(piece.text)
        self._woken.set()

    def take(self) -> list[Piece]:
        """Return the text that was not yet read, neighbouring pieces joined."""
        self._woken.clear()
        pieces, self._pieces, self._unread = self._pieces, [], 0
        joined: list[Piece] = []
        for piece in pieces:
            if joined and _continues(joined[-1], piece):
                joined[-1] = _join(joined[-1], piece)
            else:
                joined.append(piece)
        return joined

    async def changed(self, limit: timedelta) -> bool:
        """Return True when there may be something new, or False after ``limit``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit.total_seconds()):
                await self._woken.wait()
        return self._woken.is_set()


def _continues(before: Piece, after: Piece) -> bool:
    same = (before.turn_id, before.step) == (after.turn_id, after.step)
    return same and before.offset + len(before.text) == after.offset


def _join(before: Piece, after: Piece) -> Piece:
    return Piece(
        turn_id=before.turn_id,
        step=before.step,
        agent=before.agent,
        offset=before.offset,
        text=before.text + after.text,
    )
