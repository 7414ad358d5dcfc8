# SPDX-License-Identifier: Apache-2.0
"""The events of a session as they are on Kafka, read from the outbox while it keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.store.tables import outbox, sessions
from shared.database import among
from shared.messaging import OutgoingRecord
from shared.messaging.structured import sequence_of
from shared.outbox.store import record_of

records = outbox.records


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """An event that the outbox keeps, and where."""

    position: int
    sequence: int
    record: OutgoingRecord


async def last_sequences(connection: AsyncConnection, session_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of the last event of each session."""
    rows = await connection.execute(
        select(sessions.c.id, sessions.c.last_sequence).where(among(sessions.c.id, session_ids))
    )
    return {row.id: row.last_sequence for row in rows}


async def position_after(connection: AsyncConnection, session_id: str, sequence: int) -> int:
    """Return the position behind which the events after ``sequence`` are.

    The events of a session are recorded one by one under the lock of its row, so the last n of them
    are its n last records.
    """
    newer = (
        select(func.greatest(sessions.c.last_sequence - sequence, 0))
        .where(sessions.c.id == session_id)
        .scalar_subquery()
    )
    position: int | None = await connection.scalar(
        select(records.c.position)
        .where(records.c.key == session_id.encode())
        .order_by(records.c.position.desc())
        .offset(newer)
        .limit(1)
    )
    return position or 0


async def position_before(connection: AsyncConnection, session_id: str, event_id: UUID) -> int:
    """Return the position in front of an event; 0 if it is not kept any more."""
    wanted = literal([str(event_id).encode()], ARRAY(LargeBinary))
    position: int | None = await connection.scalar(
        select(records.c.position)
        .where(records.c.key == session_id.encode(), records.c.headers.op("@>")(wanted))
        .order_by(records.c.position)
        .limit(1)
    )
    return (position or 1) - 1


async def kept_events(
    connection: AsyncConnection, session_id: str, *, behind: int, limit: int
) -> list[KeptEvent]:
    """Return the next events of a session behind a position, in order."""
    rows = await connection.execute(
        select(records)
        .where(records.c.key == session_id.encode(), records.c.position > behind)
        .order_by(records.c.position)
        .limit(limit)
    )
    return [_kept(row) for row in rows]


def _kept(row: Any) -> KeptEvent:
    record = record_of(row)
    return KeptEvent(position=row.position, sequence=sequence_of(record.headers), record=record)
