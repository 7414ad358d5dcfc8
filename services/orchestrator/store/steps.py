# SPDX-License-Identifier: Apache-2.0
"""The recorded steps of turns: the messages between people, models and tools."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.turn import Step, Turn
from services.orchestrator.store.tables import steps


async def add_step(
    connection: AsyncConnection,
    turn: Turn,
    step: Step,
    *,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cost_usd: Decimal | None = None,
) -> None:
    """Record the next message of a turn; a step is recorded once."""
    await connection.execute(
        insert(steps).values(
            turn_id=turn.id,
            number=step.index,
            session_id=turn.session_id,
            turn_number=turn.number,
            agent=step.agent,
            message=_written(step.message),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost_usd,
        )
    )


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


def _written(message: ModelMessage) -> bytes:
    return ModelMessagesTypeAdapter.dump_json([message])


def _read(messages: Sequence[bytes]) -> list[ModelMessage]:
    return [
        each for written in messages for each in ModelMessagesTypeAdapter.validate_json(written)
    ]
