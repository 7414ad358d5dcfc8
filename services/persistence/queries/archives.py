# SPDX-License-Identifier: Apache-2.0
"""Which file has what an event said, since it is not in the database any more."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.store.archived import in_a_file
from services.persistence.tables import archives, events
from services.persistence.views.timeline import ArchivedPart
from shared.events.base import MAX_SEQUENCE
from shared.http import Problem

RESTORE = "python -m deploy.archive --restore"


async def archived_parts(
    connection: AsyncConnection, session_id: str, first: int = 1, last: int = MAX_SEQUENCE
) -> list[ArchivedPart]:
    """Return which events of a session, from one to another, are in which file, by month."""
    number = events.c.sequence
    query = (
        select(
            archives.c.month,
            archives.c.file,
            func.min(number).label("first"),
            func.max(number).label("last"),
            func.count().label("events"),
        )
        .join(events, in_a_file())
        .where(events.c.aggregate_id == session_id, number.between(first, last))
        .group_by(archives.c.month)
        .order_by(archives.c.month)
    )
    return [ArchivedPart.model_validate(row) for row in await connection.execute(query)]


async def require_whole(
    connection: AsyncConnection, session_id: str, first: int = 1, last: int = MAX_SEQUENCE
) -> None:
    """Refuse to go on where events are needed that are in a file.

    Raises:
        Problem: some are; it says in which, and how they come back.
    """
    parts = await archived_parts(connection, session_id, first, last)
    if parts:
        raise Problem(409, "Archived", _told(session_id, parts))


def _told(session_id: str, parts: list[ArchivedPart]) -> str:
    where = ", ".join(f"{each.file} (events {each.first} to {each.last})" for each in parts)
    months = ", ".join(each.month for each in parts)
    files = " ".join(each.file for each in parts)
    return (
        f"what session {session_id!r} said in {months} is in the archive, in {where}; to have it"
        f" back in the database: {RESTORE} {files}"
    )
