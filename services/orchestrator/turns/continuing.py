# SPDX-License-Identifier: Apache-2.0
"""Decides, in the transaction that records a step, how the turn goes on from it."""

from collections.abc import Sequence

from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import CallState, Step, Turn, TurnState
from services.orchestrator.store.effects import Effect, change_effect, effects_of
from services.orchestrator.store.turns import change_turn, find_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.bounding import steps_breach
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.opening import plan_asking
from services.orchestrator.turns.recording import record_step
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.stopping import results_of, stop_turn
from shared.events import ToolExecutionStartedEvent


async def continue_turn(resources: Resources, work: SessionWork, turn: Turn, answer: Step) -> None:
    """Start the next call of the model's answer, wait for people, or ask the model again.

    At a limit the turn ends instead, before the call that would exceed it.
    """
    effects = await effects_of(work.connection, turn.id, step=answer.index)
    pending = [each for each in effects if each.state.call is CallState.PENDING]
    if pending:
        await start_call(resources, work, turn, answer, pending[0])
    elif any(each.state.call is CallState.WAITING for each in effects):
        await change_turn(
            work.connection,
            turn.id,
            state=TurnState.WAITING,
            lease_owner=None,
            lease_until=None,
        )
    else:
        await _give_results(resources, work, turn, answer, effects)


async def start_call(
    resources: Resources, work: SessionWork, turn: Turn, answer: Step, effect: Effect
) -> bool:
    """Record that a call is about to be made; or, at a limit, end the turn and return False."""
    if effect.started_at:
        return True
    breach = resources.budgets.reserve_tool_call(work, turn, resources.agents.get(effect.agent))
    if breach:
        await stop_turn(work, turn, answer, breach)
        return False
    started = await work.publish(
        ToolExecutionStartedEvent(
            session_id=turn.session_id,
            turn_id=turn.id,
            agent=effect.agent,
            tool=effect.tool,
            call_id=effect.call_id,
            effect_id=str(effect.effect_id),
            arguments_digest=effect.arguments_digest,
            causation_id=effect.cause_id,
        )
    )
    await change_effect(
        work.connection, effect.effect_id, started_at=work.now, cause_id=started.event_id
    )
    return True


async def _give_results(
    resources: Resources,
    work: SessionWork,
    turn: Turn,
    answer: Step,
    effects: Sequence[Effect],
) -> None:
    results = results_of(answer, effects)
    await record_step(work, turn, results)
    now = await find_turn(work.connection, turn.id)
    breach = steps_breach(resources, work.session, now, asked=(results.index + 1) // 2)
    agent = resources.agents.get(now.agent)
    asking = breach or await plan_asking(resources, work, now, agent, step=results.index + 1)
    if isinstance(asking, Breach):
        await exceed_budget(work, now, asking)
    else:
        await change_turn(work.connection, turn.id, asking_id=asking)
