# SPDX-License-Identifier: Apache-2.0
"""The ledger of side effects: every call of a tool is written here before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.turn import CallState
from services.orchestrator.store.tables import effects, turns
from shared.database import among


class EffectState(StrEnum):
    """What is known of the effect of a call."""

    WAITING = "waiting"
    WITH_CLIENT = "with_client"
    PENDING = "pending"
    COMMITTED = "committed"
    FAILED = "failed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def call(self) -> CallState:
        """Where the call is, for the next move of the turn."""
        if self in {EffectState.WAITING, EffectState.WITH_CLIENT}:
            return CallState.WAITING
        return CallState.PENDING if self is EffectState.PENDING else CallState.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A call of a tool and what is known of it.

    ``expires_at`` is set of a call that the client makes: until then its result is taken.
    ``answer_digest`` is that of what the client answered, so that the same can be said again.
    """

    effect_id: UUID
    session_id: str
    turn_id: str
    step: int
    position: int
    call_id: str
    tool: str
    agent: str
    arguments: dict[str, Any]
    arguments_digest: str
    state: EffectState
    cause_id: UUID | None
    started_at: datetime | None
    result: str | None
    requested_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None = None
    answer_digest: str | None = None


async def add_effects(connection: AsyncConnection, new: Sequence[Effect]) -> None:
    """Write calls into the ledger."""
    rows = [{name: getattr(effect, name) for name in Effect.__slots__} for effect in new]
    await connection.execute(insert(effects), rows)


async def effects_of(connection: AsyncConnection, turn_id: str, *, step: int) -> list[Effect]:
    """Return the calls that one answer of a model asked for, in its order."""
    rows = await connection.execute(
        select(effects)
        .where(effects.c.turn_id == turn_id, effects.c.step == step)
        .order_by(effects.c.position)
    )
    return [effect_of(row) for row in rows]


async def effects_before(
    connection: AsyncConnection, kept: Mapping[str, int]
) -> list[tuple[int, Effect]]:
    """Return the calls of turns before a step of each, with the numbers of the turns, in order."""
    rows = await connection.execute(
        select(effects, turns.c.number.label("turn_number"))
        .join(turns, turns.c.id == effects.c.turn_id)
        .where(among(effects.c.turn_id, kept))
        .order_by(turns.c.number, effects.c.step, effects.c.position)
    )
    return [(row.turn_number, effect_of(row)) for row in rows if row.step < kept[row.turn_id]]


async def change_effect(connection: AsyncConnection, effect_id: UUID, **changes: Any) -> None:
    """Change what is known of a call."""
    await connection.execute(
        update(effects).where(effects.c.effect_id == effect_id).values(**changes)
    )


def effect_of(row: Any) -> Effect:
    """Return the effect of a row."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in Effect.__slots__}
    fields["state"] = EffectState(row.state)
    return Effect(**fields)
