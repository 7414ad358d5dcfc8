# SPDX-License-Identifier: Apache-2.0
"""A letter that nobody else can change until the transaction is over."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.dead_event import DeadEvent
from services.dead_letters.letters.lifecycle import Status
from services.dead_letters.tables import letters


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedLetter:
    """What an action needs to know of its letter."""

    id: UUID
    status: Status
    service: str | None
    redrive_count: int
    key: bytes | None
    value: bytes | None
    event: DeadEvent
    erased: bool


async def lock_letter(connection: AsyncConnection, letter_id: UUID) -> LockedLetter | None:
    """Return the letter, locked until the transaction is over; None if there is none."""
    found = await connection.execute(
        select(letters).where(letters.c.id == letter_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        return None
    return LockedLetter(
        id=row.id,
        status=Status(row.status),
        service=row.service,
        redrive_count=row.redrive_count,
        key=row.key,
        value=row.value,
        erased=row.erased_at is not None,
        event=DeadEvent(
            event_id=row.event_id,
            event_type=row.event_type,
            session_id=row.session_id,
            correlation_id=row.correlation_id,
            aggregate_id=row.aggregate_id,
            sequence=row.sequence,
            occurred_at=row.occurred_at,
        ),
    )
