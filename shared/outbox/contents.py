# SPDX-License-Identifier: Apache-2.0
"""What is in an outbox: what waits, for how long, of whom, and what is kept of the published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.records import OutgoingRecord
from shared.outbox.store import record_of
from shared.outbox.tables import OutboxTables

MOST_KEYS = 20
"""How many keys are named, those with most records first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of what waits is of one topic or key, and since when the oldest of it is there."""

    name: str
    waiting: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """An outbox in figures; ``kept`` are the records that are published already."""

    waiting: int
    oldest: datetime | None
    kept: int
    kept_since: datetime | None
    topics: Sequence[Share]
    keys: Sequence[Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record that waits; ``again`` if it was published before."""

    position: int
    record: OutgoingRecord
    recorded_at: datetime
    again: bool


async def contents(connection: AsyncConnection, tables: OutboxTables) -> Contents:
    """Return what is in the outbox."""
    table = tables.records
    waits, is_kept = table.c.published_at.is_(None), table.c.published_at.is_not(None)
    row = (
        await connection.execute(
            select(
                func.count().filter(waits).label("waiting"),
                func.min(table.c.recorded_at).filter(waits).label("oldest"),
                func.count().filter(is_kept).label("kept"),
                func.min(table.c.recorded_at).filter(is_kept).label("kept_since"),
            ).select_from(table)
        )
    ).one()
    return Contents(
        waiting=row.waiting,
        oldest=row.oldest,
        kept=row.kept,
        kept_since=row.kept_since,
        topics=await _shares(connection, tables, "topic"),
        keys=await _shares(connection, tables, "key"),
    )


async def _shares(connection: AsyncConnection, tables: OutboxTables, column: str) -> list[Share]:
    table, number = tables.records, func.count()
    rows = await connection.execute(
        select(table.c[column], number, func.min(table.c.recorded_at))
        .where(table.c.published_at.is_(None))
        .group_by(table.c[column])
        .order_by(number.desc(), table.c[column])
        .limit(MOST_KEYS)
    )
    return [Share(name=_text(name), waiting=count, oldest=oldest) for name, count, oldest in rows]


def _text(name: str | bytes | None) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name or ""


async def waiting_records(
    connection: AsyncConnection,
    tables: OutboxTables,
    *,
    behind: int,
    limit: int,
    key: bytes | None = None,
    topic: str | None = None,
) -> list[Waiting]:
    """Return what waits behind a position, in the order in which it will be published."""
    table = tables.records
    query = select(table).where(table.c.published_at.is_(None), table.c.position > behind)
    if key is not None:
        query = query.where(table.c.key == key)
    if topic is not None:
        query = query.where(table.c.topic == topic)
    rows = await connection.execute(query.order_by(table.c.position).limit(limit))
    return [
        Waiting(
            position=row.position,
            record=record_of(row),
            recorded_at=row.recorded_at,
            again=row.cluster_id is not None,
        )
        for row in rows
    ]
