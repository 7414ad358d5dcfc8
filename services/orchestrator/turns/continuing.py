# SPDX-License-Identifier: Apache-2.0
"""Decides, in the transaction that records a step, how the turn goes on from it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic_ai.messages import ModelRequest, ToolReturnPart

from services.orchestrator.domain.turn import CallState, Step, Turn, TurnState
from services.orchestrator.store.effects import Effect, EffectState, change_effect, effects_of
from services.orchestrator.store.steps import add_step
from services.orchestrator.store.turns import change_turn, find_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.opening import start_asking
from services.orchestrator.turns.resources import Resources
from shared.events import ToolExecutionStartedEvent

OUTCOMES: Mapping[EffectState, Literal["success", "failed", "denied"]] = {
    EffectState.COMMITTED: "success",
    EffectState.FAILED: "failed",
    EffectState.UNKNOWN: "failed",
    EffectState.REJECTED: "denied",
}
"""What a model is told of a call that is done."""


async def continue_turn(resources: Resources, work: SessionWork, turn: Turn, answer: Step) -> None:
    """Start the next call of the model's answer, wait for people, or ask the model again."""
    effects = await effects_of(work.connection, turn.id, step=answer.index)
    pending = [each for each in effects if each.state.call is CallState.PENDING]
    if pending:
        await start_call(work, turn, pending[0])
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


async def start_call(work: SessionWork, turn: Turn, effect: Effect) -> None:
    """Record that a call is about to be made."""
    if effect.started_at:
        return
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


async def _give_results(
    resources: Resources,
    work: SessionWork,
    turn: Turn,
    answer: Step,
    effects: Sequence[Effect],
) -> None:
    parts = [
        ToolReturnPart(
            tool_name=each.tool,
            content=each.result or "",
            tool_call_id=each.call_id,
            outcome=OUTCOMES[each.state],
        )
        for each in effects
    ]
    results = Step(answer.index + 1, answer.agent, ModelRequest(parts=parts))
    await add_step(work.connection, turn, results)
    now = await find_turn(work.connection, turn.id)
    agent = resources.agents.get(now.agent)
    asked = (results.index + 1) // 2
    if asked >= agent.budgets.max_steps:
        await exceed_budget(work, now, budget="steps", limit=agent.budgets.max_steps, used=asked)
    else:
        await start_asking(work, now, agent, step=results.index + 1)
