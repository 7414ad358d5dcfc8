# SPDX-License-Identifier: Apache-2.0
"""Letters that were sent back and failed again."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import Action, Status, after_failing_again
from services.dead_letters.store.history import Entry, write_down
from services.dead_letters.store.received import Received, failure_columns
from services.dead_letters.store.recorder import Recorder, about
from services.dead_letters.tables import actions, letters
from shared.events import DeadLetterParked

DESK = "dead_letters"
"""The operator of what the desk does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The letter that a record belongs to, and whether its last redrive has failed by it."""

    letter_id: UUID
    failed_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A letter as it was before the record that was counted to it changes anything."""

    id: UUID
    service: str | None
    status: str
    redrive_id: UUID | None
    redrive_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Opens letters again, or parks them when they failed too often."""

    recorder: Recorder
    max_redrives: int

    async def take(
        self, connection: AsyncConnection, received: Received, now: datetime
    ) -> Return | None:
        """Count the record to the letter that was redriven; None if it is of no such letter.

        Only the failure of the last redrive, told for the first time, changes the letter.
        """
        letter = await _counted(connection, received, now)
        if letter is None:
            return None
        last = (letter.status, letter.redrive_id)
        failed_again = last == (Status.REDRIVEN, received.letter.redrive_id)
        if failed_again:
            await self._failed_again(connection, letter, received, now)
        return Return(letter_id=letter.id, failed_again=failed_again)

    async def _failed_again(
        self, connection: AsyncConnection, letter: _Counted, received: Received, now: datetime
    ) -> None:
        status = after_failing_again(
            redrive_count=letter.redrive_count, max_redrives=self.max_redrives
        )
        await connection.execute(
            update(letters)
            .where(letters.c.id == letter.id)
            .values(status=status, **failure_columns(received, now=now))
        )
        entry = Entry(
            letter_id=letter.id,
            action=Action.FAILED_AGAIN,
            operator=letter.service or DESK,
            reason=received.letter.error.message or "",
            redrive_id=letter.redrive_id,
            redrive_count=letter.redrive_count,
            at=now,
        )
        await write_down(connection, entry)
        if status is Status.PARKED:
            await self._park(connection, letter, received, now)

    async def _park(
        self, connection: AsyncConnection, letter: _Counted, received: Received, now: datetime
    ) -> None:
        reason = f"failed after {letter.redrive_count} redrives"
        entry = Entry(
            letter_id=letter.id,
            action=Action.PARKED,
            operator=DESK,
            reason=reason,
            redrive_count=letter.redrive_count,
            at=now,
        )
        await write_down(connection, entry)
        event = DeadLetterParked(
            **about(letter.id, letter.service, received.letter.event),
            operator=DESK,
            reason=reason,
            redrive_count=letter.redrive_count,
        )
        await self.recorder.event(connection, event)


async def _counted(
    connection: AsyncConnection, received: Received, now: datetime
) -> _Counted | None:
    """Count one more delivery of the letter that was sent with the record's redrive id.

    Content and service have to be the same, so that forged headers make no record pass for another.
    """
    redrive_id = received.letter.redrive_id
    if redrive_id is None:
        return None
    sent = select(actions.c.letter_id).where(
        actions.c.action == Action.REDRIVEN, actions.c.redrive_id == redrive_id
    )
    counted = await connection.execute(
        update(letters)
        .where(
            letters.c.id == sent.scalar_subquery(),
            letters.c.content == received.content,
            letters.c.service.is_not_distinct_from(received.letter.service),
        )
        .values(deliveries=letters.c.deliveries + 1, updated_at=now)
        .returning(*(letters.c[each.name] for each in fields(_Counted)))
    )
    row = counted.mappings().one_or_none()
    return _Counted(**row) if row else None
