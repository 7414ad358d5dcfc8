# SPDX-License-Identifier: Apache-2.0
"""Records what a model answered: words end the turn, calls go into the ledger."""

from collections.abc import Sequence

from services.orchestrator.domain.turn import Step, Turn, text_of
from services.orchestrator.models import ModelReply
from services.orchestrator.store.effects import add_effects
from services.orchestrator.store.steps import add_step
from services.orchestrator.turns.calling import Planned, plan_calls
from services.orchestrator.turns.closing import complete_turn
from services.orchestrator.turns.continuing import continue_turn
from services.orchestrator.turns.ledger import Progress, TurnLedger
from services.orchestrator.turns.resources import Resources
from shared.events import Event, LLMRequestCompletedEvent


async def record_answer(
    resources: Resources, ledger: TurnLedger, progress: Progress, reply: ModelReply
) -> None:
    """Record the answer with all that follows from it, in one transaction.

    Raises:
        LeaseLostError: the turn is no longer this replica's; nothing was recorded.
    """
    turn = progress.turn
    step = Step(progress.steps[-1].index + 1, turn.agent, reply.response)
    async with ledger.record(turn) as work:
        await add_step(
            work.connection,
            turn,
            step,
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
            cost_usd=reply.cost_usd,
        )
        answered = await work.publish(_answered(turn, step, reply))
        if not reply.tool_calls:
            await complete_turn(work, turn, reply=text_of(reply.response))
            return
        planned: Sequence[Planned] = plan_calls(resources, turn, step, reply, now=work.now)
        await add_effects(work.connection, [each.effect for each in planned])
        for each in planned:
            await each.announce(work, cause=answered)
        await continue_turn(resources, work, turn, step)


def _answered(turn: Turn, step: Step, reply: ModelReply) -> Event:
    return LLMRequestCompletedEvent(
        session_id=turn.session_id,
        turn_id=turn.id,
        agent=turn.agent,
        model=reply.model,
        provider=reply.provider,
        step=step.index,
        input_tokens=reply.usage.input_tokens,
        output_tokens=reply.usage.output_tokens,
        cached_tokens=reply.usage.cached_tokens,
        cost_usd=reply.cost_usd,
        duration_seconds=max(0.0, reply.duration.total_seconds()),
        causation_id=turn.asking_id,
    )
