# SPDX-License-Identifier: Apache-2.0
"""Streams of which files have a part: nobody can fold their events again from the database."""

from sqlalchemy import Table, exists, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import LIVE, NEXT, archives, events


async def is_archived(connection: AsyncConnection, aggregate_id: str) -> bool:
    """Tell whether a part of a stream is in a file."""
    inside = events.c.recorded_at.between(archives.c.begins_at, archives.c.ends_at)
    query = select(exists().where(events.c.aggregate_id == aggregate_id, inside))
    return bool(await connection.scalar(query))


async def carry_over(connection: AsyncConnection, session_id: str) -> None:
    """Take the rows of a session over into the second set of read models, as they are."""
    for name, live in LIVE.items():
        await connection.execute(_copy(live, NEXT[name], session_id))


def _copy(live: Table, following: Table, session_id: str) -> Insert:
    rows = select(live).where(live.c.session_id == session_id)
    return insert(following).from_select(live.c.keys(), rows).on_conflict_do_nothing()
