# SPDX-License-Identifier: Apache-2.0
"""Takes the results of calls that clients make, and gives up on those that do not come."""

from datetime import timedelta
from uuid import UUID

from services.orchestrator.domain.usage import Spent
from services.orchestrator.store.client_calls import find_call, overdue_calls
from services.orchestrator.store.effects import Effect, EffectState, change_effect
from services.orchestrator.store.turns import find_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.outcomes import call_outcome
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.waiting import resume_turn
from shared.correlation import EventCorrelation

AT_ONCE = 100

EXPIRED = "the client gave no result in time; what it has done is not known"
"""What a model is told of a call whose result did not come."""


async def take_answer(
    work: SessionWork,
    effect: Effect,
    *,
    state: EffectState,
    result: str,
    failure: str | None = None,
    digest: str | None = None,
) -> None:
    """Record how a call of the client ended; its turn goes on if it waits for nothing else."""
    took = max(timedelta(0), work.now - (effect.started_at or work.now))
    await change_effect(
        work.connection,
        effect.effect_id,
        state=state,
        result=result,
        ended_at=work.now,
        answer_digest=digest,
    )
    work.change(usage=work.session.usage.spend(effect.agent, Spent(wall_time=took)))
    turn = await find_turn(work.connection, effect.turn_id)
    with EventCorrelation.scope(turn.correlation_id, causation_id=turn.causation_id):
        await work.publish(call_outcome(effect, result, took.total_seconds(), failure=failure))
    await resume_turn(work, effect.turn_id)


async def expire_client_calls(resources: Resources) -> None:
    """Have models told that no result came, for every call of a client whose time has run out."""
    async with resources.work.database.connect() as connection:
        overdue = await overdue_calls(connection, limit=AT_ONCE)
    for session_id, effect_id in overdue:
        async with resources.work.session(session_id) as work:
            await _expire(work, effect_id)


async def _expire(work: SessionWork, effect_id: UUID) -> None:
    """Give up on a call, if its result has not come before the session was locked."""
    effect = await find_call(work.connection, work.session.id, str(effect_id))
    due = effect.expires_at is not None and effect.expires_at <= work.now
    if effect.state is EffectState.WITH_CLIENT and due:
        await take_answer(
            work, effect, state=EffectState.UNKNOWN, result=EXPIRED, failure="ClientTimeout"
        )
