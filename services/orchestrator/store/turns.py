# SPDX-License-Identifier: Apache-2.0
"""Turns: accepted, leased to a replica, and ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.client_tool import restored, stored
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.tables import sessions, turns
from shared.database import among
from shared.errors import NotFoundError

COLUMNS = [turns.c[name] for name in Turn.__slots__]
UNFINISHED = (TurnState.QUEUED, TurnState.RUNNING, TurnState.WAITING)


def turn_of(row: Any) -> Turn:
    """Return the turn of a row."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in Turn.__slots__}
    fields["state"] = TurnState(row.state)
    fields["delegated_by"] = tuple(row.delegated_by)
    fields["client_tools"] = restored(row.client_tools)
    return Turn(**fields)


async def add_turn(
    connection: AsyncConnection,
    turn: Turn,
    *,
    owner: str | None = None,
    lease: timedelta = timedelta(0),
    ended_at: datetime | None = None,
) -> None:
    """Store a new turn, leased to ``owner`` from the start if there is one."""
    fields = {name: getattr(turn, name) for name in Turn.__slots__}
    fields["client_tools"] = stored(turn.client_tools)
    leased = {"lease_owner": owner, "lease_until": func.now() + lease} if owner else {}
    await connection.execute(insert(turns).values(**fields, **leased, ended_at=ended_at))


async def find_turn(connection: AsyncConnection, turn_id: str) -> Turn:
    """Return a turn.

    Raises:
        NotFoundError: there is none.
    """
    row = (await connection.execute(select(*COLUMNS).where(turns.c.id == turn_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no turn {turn_id!r}")
    return turn_of(row)


async def turns_of(connection: AsyncConnection, session_id: str, *, limit: int) -> list[Turn]:
    """Return the last turns of a session, oldest first."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(turns.c.session_id == session_id)
        .order_by(turns.c.number.desc())
        .limit(limit)
    )
    return [turn_of(row) for row in reversed(rows.all())]


async def unfinished(connection: AsyncConnection, session_id: str) -> list[Turn]:
    """Return the turns of a session that have not ended, in order."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(turns.c.session_id == session_id, turns.c.state.in_(UNFINISHED))
        .order_by(turns.c.number)
    )
    return [turn_of(row) for row in rows]


async def change_turn(connection: AsyncConnection, turn_id: str, **changes: Any) -> None:
    """Change columns of a turn."""
    await connection.execute(update(turns).where(turns.c.id == turn_id).values(**changes))


async def claim_turns(
    connection: AsyncConnection,
    *,
    owner: str,
    lease: timedelta,
    limit: int,
    besides: Sequence[str] = (),
) -> Sequence[Turn]:
    """Take turns that nobody works on: queued ones, and those whose lease has run out.

    ``besides`` are those that the owner has in hand, although it may have been slow to renew them.
    Of a session only its first unfinished turn can be taken, so there is one at a time; and none
    while it is paused.
    """
    earlier = turns.alias()
    blocked = exists().where(
        earlier.c.session_id == turns.c.session_id,
        earlier.c.number < turns.c.number,
        earlier.c.state.in_(UNFINISHED),
    )
    paused = exists().where(sessions.c.id == turns.c.session_id, sessions.c.paused)
    abandoned = and_(
        turns.c.state == TurnState.RUNNING,
        or_(turns.c.lease_until.is_(None), turns.c.lease_until < func.now()),
    )
    free = (
        select(turns.c.id)
        .where(
            or_(turns.c.state == TurnState.QUEUED, abandoned),
            ~blocked,
            ~paused,
            ~among(turns.c.id, besides),
        )
        .order_by(turns.c.accepted_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await connection.execute(
        update(turns)
        .where(turns.c.id.in_(free))
        .values(
            state=TurnState.RUNNING,
            lease_owner=owner,
            lease_until=func.now() + lease,
            lease_number=turns.c.lease_number + 1,
        )
        .returning(*COLUMNS)
    )
    return [turn_of(row) for row in rows]


async def renew_leases(
    connection: AsyncConnection, turn_ids: Sequence[str], *, owner: str, lease: timedelta
) -> set[str]:
    """Keep the leases of turns in hand; return those that are still this owner's."""
    rows = await connection.execute(
        update(turns)
        .where(
            among(turns.c.id, turn_ids),
            turns.c.lease_owner == owner,
            turns.c.state == TurnState.RUNNING,
        )
        .values(lease_until=func.now() + lease)
        .returning(turns.c.id)
    )
    return set(rows.scalars())


async def release_leases(connection: AsyncConnection, *, owner: str) -> None:
    """Let go of all turns in hand, for another replica to resume them at once."""
    await connection.execute(
        update(turns)
        .where(turns.c.lease_owner == owner, turns.c.state == TurnState.RUNNING)
        .values(lease_until=func.now())
    )


async def leased_turn(connection: AsyncConnection, turn: Turn, *, owner: str) -> Turn | None:
    """Return a turn as it is now, if it is running and still leased to ``owner``.

    Nobody can take it until the transaction has ended, also if that outlasts the lease: who took it
    meanwhile would go on from what was recorded before.
    """
    row = (
        await connection.execute(
            select(*COLUMNS)
            .where(
                turns.c.id == turn.id,
                turns.c.lease_owner == owner,
                turns.c.lease_number == turn.lease_number,
                turns.c.state == TurnState.RUNNING,
            )
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else turn_of(row)
