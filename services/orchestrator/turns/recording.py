# SPDX-License-Identifier: Apache-2.0
"""Records a message of a turn, and that the conversation has grown by it."""

from decimal import Decimal

from services.orchestrator.domain.turn import Step, Turn
from services.orchestrator.models import ModelUsage, tokens_of_message
from services.orchestrator.store.steps import add_step
from services.orchestrator.store.work import SessionWork

NOTHING = ModelUsage(input_tokens=0, output_tokens=0)


async def record_step(
    work: SessionWork,
    turn: Turn,
    step: Step,
    *,
    usage: ModelUsage = NOTHING,
    cost_usd: Decimal | None = None,
) -> None:
    """Record the next step of a turn; ``usage`` and cost are of the model that gave it."""
    work.change(usage=work.session.usage.remember(tokens_of_message(step.message)))
    await add_step(
        work.connection,
        turn,
        step,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=cost_usd,
    )
