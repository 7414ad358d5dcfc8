# SPDX-License-Identifier: Apache-2.0
"""Turns: one message, the work it caused, and its end."""

from services.persistence.projections.exact import microseconds, money
from services.persistence.projections.read_model import ByClass, ReadModel, Values, columns
from shared.events import (
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalRequested,
    AssistantReplied,
    BudgetExceeded,
    Event,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageReceived,
    TaskCompleted,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    TurnCancelled,
)

FINISHED = frozenset({"completed", "failed", "cancelled"})
"""The statuses after which nothing more is done for a turn."""


def turn(event: Event) -> Values | None:
    """Return what an event changes in its turn, or None if it belongs to none."""
    turn_id = getattr(event, "turn_id", "")
    if not turn_id:
        return None
    return {
        "session_id": event.aggregate_id,
        "turn_id": turn_id,
        "first_sequence": event.sequence,
        "last_sequence": event.sequence,
        "started_at": event.occurred_at,
        **_changes(event),
    }


TURNS = ReadModel(
    name="turns",
    key=("session_id", "turn_id"),
    columns=columns(
        last="last_sequence status agent reply_id result budget error_type error_message"
        " finished_at",
        first="first_sequence message_id started_at",
        add="model_calls failed_model_calls unpriced_model_calls tool_calls failed_tool_calls"
        " approvals input_tokens output_tokens cached_tokens cost_usd duration_us",
    ),
    projection=turn,
    concerns=lambda event_class: "turn_id" in event_class.model_fields,
)


@ByClass
def _changes(event: Event) -> Values:
    return {}


@_changes.register
def _(event: MessageReceived) -> Values:
    return {"status": "queued", "message_id": event.message_id or str(event.event_id)}


@_changes.register
def _(event: AgentProcessingStartedEvent) -> Values:
    return {"status": "running", "agent": event.agent or None}


@_changes.register
def _(event: LLMRequestCompletedEvent) -> Values:
    return {
        "model_calls": 1,
        "unpriced_model_calls": 1 if event.cost_usd is None else 0,
        "input_tokens": event.input_tokens,
        "output_tokens": event.output_tokens,
        "cached_tokens": event.cached_tokens,
        "cost_usd": money(event.cost_usd),
    }


@_changes.register
def _(event: LLMRequestFailedEvent) -> Values:
    return {"model_calls": 1, "failed_model_calls": 1}


@_changes.register
def _(event: ToolExecutedEvent) -> Values:
    return {"tool_calls": 1, "failed_tool_calls": 0 if event.success else 1}


@_changes.register
def _(event: ToolExecutionFailedEvent) -> Values:
    return {"tool_calls": 1, "failed_tool_calls": 1}


@_changes.register
def _(event: ApprovalRequested) -> Values:
    return {"status": "waiting", "approvals": 1}


@_changes.register(ApprovalDecided)
@_changes.register(ApprovalExpired)
def _(event: Event) -> Values:
    return {"status": "running"}


@_changes.register
def _(event: AgentProcessingCompletedEvent) -> Values:
    return {"agent": event.agent, "duration_us": microseconds(event.duration_seconds)}


@_changes.register
def _(event: AgentErrorOccurredEvent) -> Values:
    return {"error_type": event.error_type, "error_message": event.error_message}


@_changes.register
def _(event: BudgetExceeded) -> Values:
    return {"budget": event.budget}


@_changes.register
def _(event: AssistantReplied) -> Values:
    return {"agent": event.agent_type, "reply_id": event.message_id}


@_changes.register
def _(event: TaskCompleted) -> Values:
    return {
        "status": "completed" if event.success else "failed",
        "agent": event.agent_type,
        "result": event.result_summary,
        "finished_at": event.occurred_at,
    }


@_changes.register
def _(event: TurnCancelled) -> Values:
    return {"status": "cancelled", "finished_at": event.occurred_at}
