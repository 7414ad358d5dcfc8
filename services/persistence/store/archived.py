# SPDX-License-Identifier: Apache-2.0
"""Streams of which files have a part: nobody can fold their events again from the database."""

from sqlalchemy import ColumnElement, Table, exists, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import LIVE, NEXT, archives, events


def in_a_file() -> ColumnElement[bool]:
    """Return the condition that what an event says is in the file of a month, and only there.

    A month ends before the first moment of the next one.
    """
    return (
        (events.c.recorded_at >= archives.c.begins_at)
        & (events.c.recorded_at < archives.c.ends_at)
        & archives.c.restored_at.is_(None)
    )


async def is_archived(connection: AsyncConnection, aggregate_id: str) -> bool:
    """Tell whether a part of a stream is in a file."""
    query = select(exists().where(events.c.aggregate_id == aggregate_id, in_a_file()))
    return bool(await connection.scalar(query))


async def carry_over(connection: AsyncConnection, session_id: str) -> None:
    """Take the rows of a session over into the second set of read models, as they are."""
    for name, live in LIVE.items():
        await connection.execute(_copy(live, NEXT[name], session_id))


def _copy(live: Table, following: Table, session_id: str) -> Insert:
    rows = select(live).where(live.c.session_id == session_id)
    return insert(following).from_select(live.c.keys(), rows).on_conflict_do_nothing()
