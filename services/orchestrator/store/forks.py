# SPDX-License-Identifier: Apache-2.0
"""Copies the recorded past of a session into its fork, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    Text,
    Values,
    column,
    func,
    insert,
    literal,
    null,
    select,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.client_tool import ClientTool, restored
from services.orchestrator.domain.forking import StepMark, TurnMark
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import TurnState
from services.orchestrator.store.tables import effects, sessions, steps, turns
from services.orchestrator.store.work import session_of
from shared.database import among

Changed = Mapping[str, ColumnElement[Any]]
"""Columns that are other than in the row that is copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A turn of the original as people saw it."""

    id: str
    message: str
    reply: str | None
    agent: str
    accepted_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What brought a turn: the message, and the tools that the client runs for it."""

    message: str
    client_tools: tuple[ClientTool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCopy:
    """A turn to be copied: under which id, up to which step, and between which events it is."""

    original_id: str
    id: str
    kept: int
    first: int
    last: int | None


async def marks_of(connection: AsyncConnection, session_id: str) -> list[TurnMark]:
    """Return the turns of a session with where they began and ended, in order."""
    taken: dict[str, list[StepMark]] = {}
    found = await connection.execute(
        select(steps.c.turn_id, steps.c.number, steps.c.agent, steps.c.sequence)
        .where(steps.c.session_id == session_id)
        .order_by(steps.c.turn_number, steps.c.number)
    )
    for row in found:
        mark = StepMark(index=row.number, agent=row.agent, sequence=row.sequence)
        taken.setdefault(row.turn_id, []).append(mark)
    rows = await connection.execute(
        select(turns.c.id, turns.c.number, turns.c.agent, turns.c.state, turns.c.last_sequence)
        .where(turns.c.session_id == session_id)
        .order_by(turns.c.number)
    )
    return [
        TurnMark(
            id=row.id,
            number=row.number,
            agent=row.agent,
            ended=TurnState(row.state).ended,
            last=row.last_sequence,
            steps=taken.get(row.id, []),
        )
        for row in rows
    ]


async def past_turns(
    connection: AsyncConnection, session_id: str, whole: Sequence[TurnMark]
) -> list[PastTurn]:
    """Return these turns, the first ones of a session, as people saw them."""
    if not whole:
        return []
    names = [turns.c[name] for name in PastTurn.__slots__]
    rows = await connection.execute(
        select(*names)
        .where(turns.c.session_id == session_id, turns.c.number <= whole[-1].number)
        .order_by(turns.c.number)
    )
    wanted = {each.id for each in whole}
    return [PastTurn(**row) for row in rows.mappings() if row.id in wanted]


async def asked_of(connection: AsyncConnection, turn_ids: Sequence[str]) -> dict[str, Asked]:
    """Return what turns were asked, by turn."""
    query = select(turns.c.id, turns.c.message, turns.c.client_tools)
    found = await connection.execute(query.where(among(turns.c.id, turn_ids)))
    return {row.id: Asked(row.message, restored(row.client_tools)) for row in found}


async def copy_turns(
    connection: AsyncConnection, copies: Sequence[TurnCopy], *, session_id: str
) -> None:
    """Copy turns that have ended into a session, without their steps."""
    new = _rows(copies)
    changed = {"id": new.c.id, "session_id": literal(session_id), "last_sequence": new.c.last}
    source = turns.join(new, new.c.original_id == turns.c.id)
    await _copy(connection, turns, changed, source)


async def copy_steps(
    connection: AsyncConnection, copies: Sequence[TurnCopy], *, session_id: str
) -> None:
    """Copy the steps that are kept of turns, and the calls they led to; nothing was spent here."""
    new = _rows(copies)
    mine: Changed = {"turn_id": new.c.id, "session_id": literal(session_id)}
    free: Changed = {
        "sequence": new.c.first,
        "input_tokens": literal(0, Integer),
        "output_tokens": literal(0, Integer),
        "cost_usd": null(),
    }
    taken = steps.join(new, (new.c.original_id == steps.c.turn_id) & (steps.c.number <= new.c.kept))
    await _copy(connection, steps, {**mine, **free}, taken)
    made = effects.join(
        new, (new.c.original_id == effects.c.turn_id) & (effects.c.step < new.c.kept)
    )
    await _copy(connection, effects, {**mine, "effect_id": func.gen_random_uuid()}, made)


async def forks_of(connection: AsyncConnection, session_id: str, *, limit: int) -> list[Session]:
    """Return the sessions that were forked from a session, oldest first."""
    found = await connection.execute(
        select(sessions)
        .where(sessions.c.forked_from == session_id, sessions.c.state != SessionState.DELETED)
        .order_by(sessions.c.created_at, sessions.c.id)
        .limit(limit)
    )
    return [session_of(row) for row in found]


async def _copy(
    connection: AsyncConnection, table: Table, changed: Changed, source: FromClause
) -> None:
    """Copy rows of a table with some columns changed, whatever other columns it has."""
    names = [each.name for each in table.c]
    query = select(*(changed.get(name, table.c[name]) for name in names)).select_from(source)
    await connection.execute(insert(table).from_select(names, query))


def _rows(copies: Sequence[TurnCopy]) -> Values:
    return values(
        column("original_id", Text),
        column("id", Text),
        column("kept", BigInteger),
        column("first", BigInteger),
        column("last", BigInteger),
        name="new",
    ).data([(each.original_id, each.id, each.kept, each.first, each.last) for each in copies])
