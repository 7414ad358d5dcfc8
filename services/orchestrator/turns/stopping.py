# SPDX-License-Identifier: Apache-2.0
"""Stops a turn between a model's answer and the results of its calls, and leaves no call open.

A model that is asked again in a later turn wants a result for every call that it made, so the calls
that are not made any more get one that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic_ai.messages import ModelRequest, ToolReturnPart

from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import CallState, Step, Turn
from services.orchestrator.store.approvals import ApprovalState, approvals_of, change_approval
from services.orchestrator.store.effects import Effect, EffectState, change_effect, effects_of
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.recording import record_step

OUTCOMES: Mapping[EffectState, Literal["success", "failed", "denied"]] = {
    EffectState.COMMITTED: "success",
    EffectState.FAILED: "failed",
    EffectState.UNKNOWN: "failed",
    EffectState.REJECTED: "denied",
}
"""What a model is told of a call that is done."""


async def stop_turn(work: SessionWork, turn: Turn, answer: Step, breach: Breach) -> None:
    """End the turn at a limit; calls of the answer that were not made are not made any more."""
    await drop_calls(work, turn, answer, reason=f"not made: {breach}")
    await exceed_budget(work, turn, breach)


async def drop_calls(work: SessionWork, turn: Turn, answer: Step, *, reason: str) -> None:
    """Give every call of the answer a result, which is ``reason`` if it was not made."""
    for approval in await approvals_of(work.connection, turn.session_id, state=ApprovalState.OPEN):
        if approval.turn_id == turn.id:
            await change_approval(
                work.connection,
                approval.id,
                state=ApprovalState.CANCELLED,
                reason=reason,
                decided_at=work.now,
            )
    for effect in await effects_of(work.connection, turn.id, step=answer.index):
        if effect.state.call is not CallState.DONE:
            state = EffectState.UNKNOWN if effect.started_at else EffectState.FAILED
            await change_effect(
                work.connection,
                effect.effect_id,
                state=state,
                result=reason,
                ended_at=work.now,
            )
    effects = await effects_of(work.connection, turn.id, step=answer.index)
    await record_step(work, turn, results_of(answer, effects))


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
