# SPDX-License-Identifier: Apache-2.0
"""Stops a turn between a model's answer and the results of its calls, and leaves no call open.

A model that is asked again in a later turn wants a result for every call that it made, so the calls
that are not made any more get one that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic_ai.messages import ModelRequest, ToolReturnPart

from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import CallState, Step
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.outcomes import call_outcome
from services.orchestrator.turns.turn_work import TurnWork

OUTCOMES: Mapping[EffectState, Literal["success", "failed", "denied"]] = {
    EffectState.COMMITTED: "success",
    EffectState.FAILED: "failed",
    EffectState.UNKNOWN: "failed",
    EffectState.REJECTED: "denied",
}
"""What a model is told of a call that is done."""


async def stop_turn(work: TurnWork, breach: Breach) -> None:
    """End the turn at a limit; calls of its last answer that were not made are made no more."""
    await drop_calls(work, reason=f"not made: {breach}", failure="BudgetExceeded")
    await exceed_budget(work, breach)


async def drop_calls(work: TurnWork, *, reason: str, failure: str) -> None:
    """Give every call of the last answer a result, which is ``reason`` if it was not made.

    What a call has done that was begun is unknown: it failed, with ``failure`` as type of error.
    """
    await work.cancel_approvals(reason=reason)
    for effect in work.effects:
        if effect.state.call is not CallState.DONE:
            if effect.started_at:
                seconds = max(0.0, (work.now - effect.started_at).total_seconds())
                await work.publish(call_outcome(effect, reason, seconds, failure=failure))
            state = EffectState.UNKNOWN if effect.started_at else EffectState.FAILED
            work.change_effect(effect.effect_id, state=state, result=reason, ended_at=work.now)
    work.add_step(results_of(work.steps[-1], work.effects))


def results_of(answer: Step, effects: Sequence[Effect]) -> Step:
    """Return the step that tells a model what came of the calls of its answer."""
    parts = [
        ToolReturnPart(
            tool_name=each.tool,
            content=each.result or "",
            tool_call_id=each.call_id,
            outcome=OUTCOMES[each.state],
        )
        for each in effects
    ]
    return Step(answer.index + 1, answer.agent, ModelRequest(parts=parts))
