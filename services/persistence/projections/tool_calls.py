# SPDX-License-Identifier: Apache-2.0
"""Tool calls: what was asked for, whether it ran, and how it went."""

from services.persistence.projections.read_model import ByClass, ReadModel, Values, columns
from shared.events import (
    Event,
    ToolApprovalRequiredEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    ToolExecutionRequestedEvent,
    ToolExecutionStartedEvent,
)
from shared.events.infrastructure.tool import ToolEvent


def tool_call(event: Event) -> Values | None:
    """Return what an event changes in its tool call, or None if it is about none."""
    if not isinstance(event, ToolEvent):
        return None
    return {
        "session_id": event.aggregate_id,
        "turn_id": event.turn_id,
        "call_id": event.call_id,
        "first_sequence": event.sequence,
        "last_sequence": event.sequence,
        "tool": event.tool,
        "agent": event.agent or None,
        "effect_id": event.effect_id or None,
        "requested_at": event.occurred_at,
        **_changes(event),
    }


TOOL_CALLS = ReadModel(
    name="tool_calls",
    key=("session_id", "turn_id", "call_id"),
    columns=columns(
        last="last_sequence status effect_id approval_id duration_seconds result_size error_type"
        " error_message finished_at",
        first="first_sequence tool agent arguments_digest requested_at",
    ),
    projection=tool_call,
    concerns=lambda event_class: issubclass(event_class, ToolEvent),
)


@ByClass
def _changes(event: Event) -> Values:
    return {}


@_changes.register
def _(event: ToolExecutionRequestedEvent) -> Values:
    return {"status": "requested", "arguments_digest": event.arguments_digest}


@_changes.register
def _(event: ToolApprovalRequiredEvent) -> Values:
    return {
        "status": "waiting",
        "approval_id": event.approval_id,
        "arguments_digest": event.arguments_digest,
    }


@_changes.register
def _(event: ToolExecutionStartedEvent) -> Values:
    return {"status": "running", "arguments_digest": event.arguments_digest}


@_changes.register
def _(event: ToolExecutedEvent) -> Values:
    return {
        "status": "succeeded" if event.success else "failed",
        "duration_seconds": event.duration_seconds,
        "result_size": event.result_size,
        "finished_at": event.occurred_at,
    }


@_changes.register
def _(event: ToolExecutionFailedEvent) -> Values:
    return {
        "status": "failed",
        "duration_seconds": event.duration_seconds,
        "error_type": event.error_type,
        "error_message": event.error_message,
        "finished_at": event.occurred_at,
    }
