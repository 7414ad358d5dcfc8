# SPDX-License-Identifier: Apache-2.0
"""What an operator does with a letter: send it back, correct it, or give it up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.store.answers import Answer, Refusal, Request, answer_once
from services.dead_letters.store.discarding import Discarding
from services.dead_letters.store.editing import Editing
from services.dead_letters.store.locked_letter import LockedLetter, lock_letter
from services.dead_letters.store.redriving import Redriving
from services.dead_letters.views import (
    ActionResult,
    DiscardRequest,
    EditRequest,
    RedriveRequest,
)
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.telemetry import Instruments

Work = Callable[[AsyncConnection, LockedLetter], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Each action is one transaction: the letter, its history, what is published, the answer."""

    database: Database
    redriving: Redriving
    discarding: Discarding
    editing: Editing
    instruments: Instruments
    committed: Callable[[], None]
    clock: Clock = field(default_factory=SystemClock)

    async def redrive(
        self, letter_id: UUID, wish: RedriveRequest, *, key: str | None = None
    ) -> Answer:
        """Send a letter to the retry topic of the service that failed, and to no other."""
        now = self.clock.now()
        return await self._act(
            letter_id,
            Request(
                key=key,
                what=f"redrive {letter_id} {wish.model_dump_json(exclude_none=True)}",
                at=now,
            ),
            lambda connection, letter: self.redriving.act(connection, letter, wish, now),
            counted_as="sent",
        )

    async def discard(
        self, letter_id: UUID, wish: DiscardRequest, *, key: str | None = None
    ) -> Answer:
        """Give a letter up; it stays where it can be read."""
        now = self.clock.now()
        return await self._act(
            letter_id,
            Request(key=key, what=f"discard {letter_id} {wish.model_dump_json()}", at=now),
            lambda connection, letter: self.discarding.act(connection, letter, wish, now),
            counted_as="discarded",
        )

    async def edit(self, letter_id: UUID, wish: EditRequest, *, key: str | None = None) -> Answer:
        """Send a corrected copy as a new event to the service that failed; close the letter."""
        now = self.clock.now()
        return await self._act(
            letter_id,
            Request(key=key, what=f"edit {letter_id} {wish.model_dump_json()}", at=now),
            lambda connection, letter: self.editing.act(connection, letter, wish, now),
            counted_as="edited",
        )

    async def _act(
        self, letter_id: UUID, request: Request, work: Work, *, counted_as: str
    ) -> Answer:
        acted = False

        async def act() -> Answer:
            nonlocal acted
            letter = await lock_letter(connection, letter_id)
            answer = await work(connection, letter) if letter else _not_found(letter_id)
            acted = isinstance(answer, ActionResult) and not answer.dry_run
            return answer

        async with self.database.begin() as connection:
            answer = await answer_once(connection, request, act, ActionResult)
        if acted:
            self.instruments.redrives.add(1, {"result": counted_as})
            self.committed()
        return answer


def _not_found(letter_id: UUID) -> Refusal:
    return Refusal(status=404, title="Not Found", detail=f"there is no dead letter {letter_id}")
