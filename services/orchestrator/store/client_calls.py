# SPDX-License-Identifier: Apache-2.0
"""The calls of the ledger that clients make."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.store.effects import Effect, EffectState, effect_of
from services.orchestrator.store.tables import effects
from shared.errors import ConflictError, NotFoundError

SAME_NAME = 100
"""How many calls are looked at that a provider gave the same id."""


async def client_calls_of(connection: AsyncConnection, turn_id: str) -> list[Effect]:
    """Return the calls of a turn whose result the client still owes, in their order."""
    rows = await connection.execute(
        select(effects)
        .where(effects.c.turn_id == turn_id, effects.c.state == EffectState.WITH_CLIENT)
        .order_by(effects.c.step, effects.c.position)
    )
    return [effect_of(row) for row in rows]


async def find_call(connection: AsyncConnection, session_id: str, call_id: str) -> Effect:
    """Return a call by the id that the model gave it, or by its effect id.

    Some providers give the same id again and again: of such calls it is the one whose result is
    owed, and else the latest.

    Raises:
        NotFoundError: the session has no such call.
        ConflictError: the results of two of that id are owed.
    """
    rows = await connection.execute(
        select(effects)
        .where(effects.c.session_id == session_id, _named(call_id))
        .order_by(effects.c.requested_at.desc(), effects.c.position.desc())
        .limit(SAME_NAME)
    )
    found = [effect_of(row) for row in rows]
    if not found:
        raise NotFoundError(f"session {session_id!r} has no call {call_id!r}")
    owed = [each for each in found if each.state is EffectState.WITH_CLIENT]
    if len(owed) > 1:
        raise ConflictError(f"there are {len(owed)} calls {call_id!r}; name one by its effect_id")
    return (owed or found)[0]


async def overdue_calls(connection: AsyncConnection, *, limit: int) -> Sequence[tuple[str, UUID]]:
    """Return session and effect id of calls whose result did not come in time."""
    rows = await connection.execute(
        select(effects.c.session_id, effects.c.effect_id)
        .where(effects.c.state == EffectState.WITH_CLIENT, effects.c.expires_at < func.now())
        .order_by(effects.c.expires_at)
        .limit(limit)
    )
    return [(row.session_id, row.effect_id) for row in rows]


async def open_states(connection: AsyncConnection, turn_id: str) -> set[EffectState]:
    """Return where the calls of a turn are that are not done."""
    not_done = (EffectState.WAITING, EffectState.WITH_CLIENT, EffectState.PENDING)
    rows = await connection.execute(
        select(effects.c.state)
        .where(effects.c.turn_id == turn_id, effects.c.state.in_(not_done))
        .distinct()
    )
    return {EffectState(state) for state in rows.scalars()}


def _named(call_id: str) -> ColumnElement[bool]:
    try:
        return or_(effects.c.call_id == call_id, effects.c.effect_id == UUID(call_id))
    except ValueError:
        return effects.c.call_id == call_id
