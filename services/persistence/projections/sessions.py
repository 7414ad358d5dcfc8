# SPDX-License-Identifier: Apache-2.0
"""Sessions: who is in charge, what state they are in, and what they came to."""

from services.persistence.projections.exact import microseconds, money
from services.persistence.projections.read_model import ByClass, ReadModel, Values, columns
from shared.events import (
    AgentAssigned,
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentSwitchedEvent,
    ApprovalRequested,
    AssistantReplied,
    ConversationCompleted,
    Event,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionCreatedEvent,
    SessionDeleted,
    SessionDeletedEvent,
    SessionErased,
    SessionExpired,
    SessionForked,
    SessionUpdatedEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
)

MAX_TITLE = 80


def session(event: Event) -> Values:
    """Return what an event changes in its session; every event moves it on."""
    return {
        "session_id": event.aggregate_id,
        "last_sequence": event.sequence,
        "created_at": event.occurred_at,
        "updated_at": event.occurred_at,
        **_changes(event),
    }


SESSIONS = ReadModel(
    name="sessions",
    key=("session_id",),
    columns=columns(
        last="agent state last_sequence updated_at",
        first="title created_by forked_from forked_at_sequence created_at",
        add="messages turns model_calls failed_model_calls unpriced_model_calls tool_calls"
        " failed_tool_calls approvals switches errors input_tokens output_tokens cached_tokens"
        " cost_usd duration_us",
    ),
    projection=session,
    concerns=lambda _: True,
)


@ByClass
def _changes(event: Event) -> Values:
    return {}


@_changes.register
def _(event: SessionCreated) -> Values:
    return {
        "state": "active",
        "agent": event.agent or None,
        "title": event.title or None,
        "created_by": event.created_by,
    }


@_changes.register
def _(event: SessionCreatedEvent) -> Values:
    return {"agent": event.agent or None}


@_changes.register
def _(event: SessionForked) -> Values:
    if event.direction == "to":
        return {}
    return {"forked_from": event.other_session_id, "forked_at_sequence": event.at_sequence}


@_changes.register
def _(event: MessageInherited) -> Values:
    title = _title(event.message_content) if event.role == "user" else None
    return {"messages": 1, "title": title}


@_changes.register
def _(event: MessageReceived) -> Values:
    return {
        "messages": 1,
        "turns": 1 if event.turn_id else 0,
        "title": _title(event.message_content),
    }


@_changes.register
def _(event: AssistantReplied) -> Values:
    return {"messages": 1}


@_changes.register
def _(event: AgentAssigned) -> Values:
    return {"agent": event.agent_type}


@_changes.register
def _(event: AgentSwitchedEvent) -> Values:
    return {"agent": event.to_agent, "switches": 1}


@_changes.register
def _(event: AgentProcessingCompletedEvent) -> Values:
    return {"duration_us": microseconds(event.duration_seconds)}


@_changes.register
def _(event: AgentErrorOccurredEvent) -> Values:
    return {"errors": 1}


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
    return {"approvals": 1}


@_changes.register
def _(event: SessionUpdatedEvent) -> Values:
    return {"state": event.state}


@_changes.register
def _(event: ConversationCompleted) -> Values:
    return {"state": "completed"}


@_changes.register
def _(event: SessionExpired) -> Values:
    return {"state": "expired"}


@_changes.register(SessionDeleted)
@_changes.register(SessionDeletedEvent)
def _(event: Event) -> Values:
    return {"state": "deleted"}


@_changes.register
def _(event: SessionErased) -> Values:
    return {"state": "erased"}


def _title(content: str) -> str | None:
    words = " ".join(content[: MAX_TITLE * 2].split())
    return (words if len(words) <= MAX_TITLE else f"{words[: MAX_TITLE - 1]}…") or None
