# SPDX-License-Identifier: Apache-2.0
"""Closes letters whose redrive was handled."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import RESOLVABLE, Action, Status
from services.dead_letters.letters.values import as_uuid
from services.dead_letters.store.history import Entry, write_down
from services.dead_letters.tables import letters
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.events import DeadLetterResolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolving:
    """Takes the word of a service that it has handled what was sent back to it."""

    database: Database
    clock: Clock = field(default_factory=SystemClock)

    async def resolve(self, events: Iterable[DeadLetterResolved]) -> int:
        """Close the letters of ``events`` and return how many; all of them, or none.

        Only the last redrive of a letter counts, and only the word of the service that failed.

        Raises:
            DependencyDownError: the database does not answer.
        """
        now = self.clock.now()
        async with self.database.begin() as connection:
            return sum([await _resolve(connection, event, now) for event in events])


async def _resolve(connection: AsyncConnection, event: DeadLetterResolved, now: datetime) -> bool:
    letter_id, redrive_id = as_uuid(event.dead_letter_id), as_uuid(event.redrive_id)
    if letter_id is None or redrive_id is None:
        return False
    closed = await connection.execute(
        update(letters)
        .where(
            letters.c.id == letter_id,
            letters.c.redrive_id == redrive_id,
            letters.c.service == event.service,
            letters.c.status.in_(RESOLVABLE),
        )
        .values(status=Status.RESOLVED, updated_at=now)
        .returning(letters.c.redrive_count)
    )
    redrive_count = closed.scalar_one_or_none()
    if redrive_count is None:
        return False
    await write_down(connection, _entry(letter_id, redrive_id, event, redrive_count, now))
    return True


def _entry(
    letter_id: UUID,
    redrive_id: UUID,
    event: DeadLetterResolved,
    redrive_count: int,
    now: datetime,
) -> Entry:
    return Entry(
        letter_id=letter_id,
        action=Action.RESOLVED,
        operator=event.service,
        reason="",
        redrive_id=redrive_id,
        redrive_count=redrive_count,
        at=now,
    )
