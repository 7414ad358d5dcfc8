# SPDX-License-Identifier: Apache-2.0
"""Records what a model answered: words end the turn, calls go into the ledger."""

from decimal import Decimal

from services.orchestrator.domain.turn import Step, Turn, text_of
from services.orchestrator.domain.usage import Spent
from services.orchestrator.models import ModelReply
from services.orchestrator.store.effects import add_effects
from services.orchestrator.turns.bounding import calls_breach
from services.orchestrator.turns.calling import plan_calls
from services.orchestrator.turns.closing import complete_turn
from services.orchestrator.turns.continuing import continue_turn
from services.orchestrator.turns.ledger import Progress, TurnLedger
from services.orchestrator.turns.recording import record_step
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.stopping import stop_turn
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
        work.change(usage=work.session.usage.settle(_spent(reply), now=work.now))
        await record_step(work, turn, step, usage=reply.usage, cost_usd=reply.cost_usd)
        answered = await work.publish(_answered(turn, step, reply))
        if not reply.tool_calls:
            await complete_turn(work, turn, reply=text_of(reply.response))
            return
        planned = plan_calls(resources, turn, step, reply, now=work.now)
        breach = calls_breach(
            resources,
            work.session,
            turn,
            progress.steps,
            [(call, each.hand_over) for call, each in zip(reply.tool_calls, planned, strict=True)],
        )
        if breach:
            planned = [each.refused(str(breach), now=work.now) for each in planned]
        await add_effects(work.connection, [each.effect for each in planned])
        for each in planned:
            await each.announce(work, cause=answered)
        if breach:
            await stop_turn(work, turn, step, breach)
        else:
            await continue_turn(resources, work, turn, step)


def _spent(reply: ModelReply) -> Spent:
    return Spent(
        model_calls=1,
        tokens=reply.usage.total_tokens,
        cost_usd=reply.cost_usd or Decimal(0),
    )


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
