# SPDX-License-Identifier: Apache-2.0
"""Erases what the records of a session say, from all logs, and remembers that it did."""

from collections.abc import Collection, Iterable

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.tables import contents, entries, erasures, logs
from shared.database import among
from shared.messaging.erasing import ORDERS


async def every_origin(connection: AsyncConnection, others: Iterable[str]) -> list[str]:
    """Return the names of all logs, and of others that may be new.

    Whoever locks the heads of all has everybody else's records before it, or after it.
    """
    return sorted({*await connection.scalars(select(logs.c.origin)), *others})


async def erased_among(
    connection: AsyncConnection, session_ids: Collection[str | None]
) -> set[str]:
    """Return which of these sessions were erased."""
    wanted = _known(session_ids)
    if not wanted:
        return set()
    query = select(erasures.c.session_id).where(among(erasures.c.session_id, wanted))
    return set(await connection.scalars(query))


async def erase(connection: AsyncConnection, session_ids: Collection[str]) -> None:
    """Remove what the records of sessions say, with their salts; the caller has locked all heads.

    Also of those in which no event could be read; not of the orders to erase.
    """
    wanted = _known(session_ids)
    if not wanted:
        return
    await connection.execute(
        insert(erasures).on_conflict_do_nothing(), [{"session_id": each} for each in wanted]
    )
    same = and_(contents.c.log_id == entries.c.log_id, contents.c.position == entries.c.position)
    read = and_(
        among(entries.c.session_id, wanted),
        or_(entries.c.event_type.is_(None), entries.c.event_type.not_in(ORDERS)),
    )
    await connection.execute(delete(contents).where(same, read))
    keys = among(contents.c.key, [each.encode() for each in wanted])
    await connection.execute(delete(contents).where(same, entries.c.problem.is_not(None), keys))


def _known(session_ids: Iterable[str | None]) -> list[str]:
    """Return the ids that a session can have; none that PostgreSQL holds contains a NUL."""
    return sorted({each for each in session_ids if each and "\0" not in each})
