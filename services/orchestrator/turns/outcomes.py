# SPDX-License-Identifier: Apache-2.0
"""The events that tell how calls of tools ended."""

from services.orchestrator.store.effects import Effect
from shared.events import ToolExecutedEvent, ToolExecutionFailedEvent

MAX_ERROR = 1000


def call_outcome(
    effect: Effect, result: str, seconds: float, *, failure: str | None = None
) -> ToolExecutedEvent | ToolExecutionFailedEvent:
    """Return what is told of a call that took that long; ``failure`` is the type of its error."""
    common = {
        "session_id": effect.session_id,
        "turn_id": effect.turn_id,
        "agent": effect.agent,
        "tool": effect.tool,
        "call_id": effect.call_id,
        "effect_id": str(effect.effect_id),
        "duration_seconds": seconds,
        "causation_id": effect.cause_id,
    }
    if failure is None:
        return ToolExecutedEvent.model_validate({**common, "result_size": len(result.encode())})
    return ToolExecutionFailedEvent.model_validate(
        {**common, "error_type": failure, "error_message": result[:MAX_ERROR]}
    )
