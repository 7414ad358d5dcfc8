# SPDX-License-Identifier: Apache-2.0
"""The recorded steps of turns: the messages between people, models and tools."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.turn import Step, Turn
from services.orchestrator.store.tables import steps


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step to be recorded with ``sequence``, the first event of the transaction it came in.

    Tokens and cost are what the model took that gave it.
    """

    step: Step
    sequence: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None


async def add_steps(connection: AsyncConnection, turn: Turn, new: Sequence[NewStep]) -> None:
    """Record the next messages of a turn; a step is recorded once."""
    rows = [
        {
            "turn_id": turn.id,
            "number": each.step.index,
            "session_id": turn.session_id,
            "turn_number": turn.number,
            "agent": each.step.agent,
            "message": _written(each.step.message),
            "input_tokens": each.input_tokens,
            "output_tokens": each.output_tokens,
            "cost_usd": each.cost_usd,
            "sequence": each.sequence,
        }
        for each in new
    ]
    await connection.execute(insert(steps), rows)


async def steps_of(connection: AsyncConnection, turn: Turn) -> list[Step]:
    """Return the recorded steps of a turn, in order."""
    rows = await connection.execute(
        select(steps.c.number, steps.c.agent, steps.c.message)
        .where(steps.c.turn_id == turn.id)
        .order_by(steps.c.number)
    )
    return [Step(row.number, row.agent, _read([row.message])[0]) for row in rows]


async def history_before(connection: AsyncConnection, turn: Turn) -> list[ModelMessage]:
    """Return the messages of all earlier turns of the session, in order."""
    rows = await connection.execute(
        select(steps.c.message)
        .where(steps.c.session_id == turn.session_id, steps.c.turn_number < turn.number)
        .order_by(steps.c.turn_number, steps.c.number)
    )
    return _read(list(rows.scalars()))


async def recorded_messages(connection: AsyncConnection, session_id: str) -> list[ModelMessage]:
    """Return all that was recorded of a session, in order."""
    rows = await connection.execute(
        select(steps.c.message)
        .where(steps.c.session_id == session_id)
        .order_by(steps.c.turn_number, steps.c.number)
    )
    return _read(list(rows.scalars()))


def _written(message: ModelMessage) -> bytes:
    return ModelMessagesTypeAdapter.dump_json([message])


def _read(messages: Sequence[bytes]) -> list[ModelMessage]:
    return [
        each for written in messages for each in ModelMessagesTypeAdapter.validate_json(written)
    ]
