# SPDX-License-Identifier: Apache-2.0
"""Sessions, to read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.store.tables import sessions
from services.orchestrator.store.work import session_of
from shared.database import Database
from shared.errors import NotFoundError


async def find_session(database: Database, session_id: str) -> Session:
    """Return a session.

    Raises:
        NotFoundError: there is none, or it was deleted.
    """
    async with database.connect() as connection:
        session = await session_in(connection, session_id)
    if session.state is SessionState.DELETED:
        raise NotFoundError(f"there is no session {session_id!r}")
    return session


async def session_in(connection: AsyncConnection, session_id: str) -> Session:
    """Return a session, also if it was deleted.

    Raises:
        NotFoundError: there is none.
    """
    row = (
        await connection.execute(select(sessions).where(sessions.c.id == session_id))
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no session {session_id!r}")
    return session_of(row)


async def idle_sessions(
    connection: AsyncConnection, *, longer_than: timedelta, at_most: int
) -> list[tuple[str, datetime]]:
    """Return active sessions in which nothing happened for that long, and when something did."""
    rows = await connection.execute(
        select(sessions.c.id, sessions.c.updated_at)
        .where(
            sessions.c.state == SessionState.ACTIVE,
            sessions.c.updated_at < func.now() - longer_than,
        )
        .order_by(sessions.c.updated_at)
        .limit(at_most)
    )
    return [(row.id, row.updated_at) for row in rows]


async def list_sessions(
    database: Database,
    *,
    state: SessionState | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Session]:
    """Return sessions, the latest changed first; ``after`` is the last one of the page before."""
    query = select(sessions).where(sessions.c.state != SessionState.DELETED)
    if state:
        query = query.where(sessions.c.state == state)
    if after:
        query = query.where(tuple_(sessions.c.updated_at, sessions.c.id) < after)
    query = query.order_by(sessions.c.updated_at.desc(), sessions.c.id.desc()).limit(limit)
    async with database.connect() as connection:
        return [session_of(row) for row in await connection.execute(query)]
