# SPDX-License-Identifier: Apache-2.0
"""Records what a model answered: words end the turn, calls go into the ledger."""

from decimal import Decimal

from services.orchestrator.domain.turn import Step, Turn, text_of
from services.orchestrator.domain.usage import Spent
from services.orchestrator.models import ModelReply
from services.orchestrator.turns.asking import Answer
from services.orchestrator.turns.bounding import calls_breach
from services.orchestrator.turns.calling import plan_calls
from services.orchestrator.turns.closing import complete_turn
from services.orchestrator.turns.continuing import continue_turn
from services.orchestrator.turns.failing import listed, requests_failed
from services.orchestrator.turns.ledger import TurnLedger
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.stopping import stop_turn
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import Event, LLMRequestCompletedEvent


async def record_answer(
    resources: Resources, ledger: TurnLedger, progress: Progress, answer: Answer
) -> Progress:
    """Record the answer with all that follows from it, in one transaction.

    Raises:
        LeaseLostError: the turn is no longer this replica's; nothing was recorded.
    """
    async with ledger.record(progress) as work:
        reply = answer.reply
        step = Step(work.steps[-1].index + 1, work.turn.agent, reply.response)
        usage = work.session.usage
        work.change_session(usage=usage.settle(_spent(reply), now=work.now))
        for failed in requests_failed(
            work.turn, answer.given_up, step=step.index, fallback=answer.model
        ):
            await work.publish(failed)
        answered = await work.publish(_answered(work.turn, step, answer))
        if reply.tool_calls:
            await _plan(resources, work, step, reply, cause=answered)
        else:
            work.add_step(step, usage=reply.usage, cost_usd=reply.cost_usd)
            await complete_turn(work, reply=text_of(reply.response))
    return work.progress


async def _plan(
    resources: Resources, work: TurnWork, step: Step, reply: ModelReply, *, cause: Event
) -> None:
    planned = plan_calls(resources, work.session, work.turn, step, reply, now=work.now)
    asked = [(call, each.hand_over) for call, each in zip(reply.tool_calls, planned, strict=True)]
    breach = calls_breach(resources, work.session, work.turn, work.steps, asked)
    if breach:
        planned = [each.refused(str(breach), now=work.now) for each in planned]
    work.add_step(step, usage=reply.usage, cost_usd=reply.cost_usd)
    work.add_effects([each.effect for each in planned])
    for each in planned:
        await each.announce(work, cause=cause)
    if breach:
        await stop_turn(work, breach)
    else:
        await continue_turn(resources, work)


def _spent(reply: ModelReply) -> Spent:
    return Spent(
        model_calls=1,
        tokens=reply.usage.total_tokens,
        cost_usd=reply.cost_usd or Decimal(0),
    )


def _answered(turn: Turn, step: Step, answer: Answer) -> Event:
    reply = answer.reply
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
        requested_model=answer.model,
        attempts=len(answer.failed) + 1,
        failed_attempts=listed(answer.failed),
        fallback_for=answer.given_up[0].model if answer.given_up else "",
        causation_id=turn.asking_id,
    )
