# SPDX-License-Identifier: Apache-2.0
"""A conversation as the orchestrator records it: numbered, and with causes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.events import (
    AgentAssigned,
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    AgentSwitchedEvent,
    AgentSwitchRequested,
    ApprovalDecided,
    ApprovalRequested,
    AssistantReplied,
    Event,
    HITLDecisionMadeEvent,
    LLMRequestCompletedEvent,
    LLMRequestStartedEvent,
    MessageAddedEvent,
    MessageReceived,
    SessionCreated,
    SessionCreatedEvent,
    TaskCompleted,
    ToolApprovalRequiredEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    ToolExecutionRequestedEvent,
    ToolExecutionStartedEvent,
)

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Recorder:
    """Numbers the events of a session, a second apart."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.events: list[Event] = []

    def add(self, event_class: type[Event], *, cause: Event | None = None, **fields: Any) -> Event:
        """Record the next event."""
        sequence = len(self.events) + 1
        values = {
            "session_id": self.session_id,
            "sequence": sequence,
            "source": f"/orchestrator/sessions/{self.session_id}",
            "occurred_at": MORNING + timedelta(seconds=sequence),
            "correlation_id": f"request-{self.session_id}",
            "causation_id": cause.event_id if cause else None,
            **fields,
        }
        event = event_class.model_validate(values)
        self.events.append(event)
        return event


def conversation(session_id: str = "session-1") -> list[Event]:
    """Return two turns: one with a tool, a switch and an approval, one that fails."""
    record = Recorder(session_id)
    created = record.add(SessionCreated, agent="orchestrator", created_by="ada")
    record.add(SessionCreatedEvent, cause=created, agent="orchestrator")
    _first_turn(record)
    _second_turn(record)
    return record.events


def _first_turn(record: Recorder) -> None:
    asked = _ask(record, "turn-1", "please tidy up the notes")
    switch = record.add(
        AgentSwitchRequested,
        cause=asked,
        from_agent="orchestrator",
        to_agent="coder",
        reason="files",
    )
    record.add(
        AgentSwitchedEvent,
        cause=switch,
        from_agent="orchestrator",
        to_agent="coder",
        reason="files",
    )
    record.add(AgentAssigned, cause=switch, agent_type="coder", reason="files")
    turn = {"turn_id": "turn-1", "agent": "coder"}
    record.add(AgentProcessingStartedEvent, cause=asked, **turn)
    model = record.add(LLMRequestStartedEvent, cause=asked, model="offline", **turn)
    answered = record.add(
        LLMRequestCompletedEvent,
        cause=model,
        model="offline",
        input_tokens=100,
        output_tokens=20,
        cached_tokens=5,
        cost_usd=Decimal("0.0125"),
        duration_seconds=0.5,
        **turn,
    )
    call = {**turn, "tool": "delete_file", "call_id": "call-1", "effect_id": "effect-1"}
    wanted = record.add(ToolExecutionRequestedEvent, cause=answered, arguments_digest="d1", **call)
    _approve(record, wanted, call)
    started = record.add(ToolExecutionStartedEvent, cause=wanted, arguments_digest="d2", **call)
    record.add(ToolExecutedEvent, cause=started, duration_seconds=0.25, result_size=7, **call)
    record.add(
        AssistantReplied,
        cause=asked,
        turn_id="turn-1",
        agent_type="coder",
        message_id="reply-1",
        message_content="tidied up",
        message_length=9,
    )
    _finish(record, asked, "turn-1", success=True, summary="tidied up")


def _approve(record: Recorder, wanted: Event, call: dict[str, Any]) -> None:
    record.add(
        ToolApprovalRequiredEvent,
        cause=wanted,
        approval_id="approval-1",
        arguments_digest="d1",
        **call,
    )
    approval = {"approval_id": "approval-1", "turn_id": "turn-1"}
    asked = record.add(
        ApprovalRequested,
        cause=wanted,
        agent_type="coder",
        tool="delete_file",
        call_id="call-1",
        arguments={"path": "notes.txt"},
        arguments_digest="d1",
        **approval,
    )
    decided = record.add(
        ApprovalDecided,
        cause=asked,
        decision="edited",
        decided_by="ada",
        reason="only that one",
        arguments={"path": "old.txt"},
        arguments_digest="d2",
        **approval,
    )
    record.add(
        HITLDecisionMadeEvent,
        cause=decided,
        approval_id="approval-1",
        tool="delete_file",
        decision="edited",
        wait_seconds=60.5,
    )


def _second_turn(record: Recorder) -> None:
    asked = _ask(record, "turn-2", "and now the 100% of the rest_")
    turn = {"turn_id": "turn-2", "agent": "coder"}
    record.add(AgentProcessingStartedEvent, cause=asked, **turn)
    call = {**turn, "tool": "read_file", "call_id": "call-2"}
    record.add(ToolExecutionRequestedEvent, cause=asked, arguments_digest="d3", **call)
    failure = {"error_type": "ToolError", "error_message": "no such file"}
    record.add(ToolExecutionFailedEvent, cause=asked, duration_seconds=0.125, **failure, **call)
    record.add(
        LLMRequestCompletedEvent,
        cause=asked,
        model="local",
        input_tokens=7,
        output_tokens=3,
        duration_seconds=0.25,
        **turn,
    )
    broken = {"error_type": "ModelError", "error_message": "it gave up"}
    record.add(AgentErrorOccurredEvent, cause=asked, **broken, **turn)
    _finish(record, asked, "turn-2", success=False, summary="it gave up")


def _ask(record: Recorder, turn_id: str, text: str) -> Event:
    asked = record.add(
        MessageReceived,
        message_id=f"message-{turn_id}",
        message_content=text,
        message_length=len(text),
        turn_id=turn_id,
    )
    record.add(
        MessageAddedEvent,
        cause=asked,
        role="user",
        message_id=f"message-{turn_id}",
        message_length=len(text),
    )
    return asked


def _finish(record: Recorder, asked: Event, turn_id: str, *, success: bool, summary: str) -> None:
    record.add(
        AgentProcessingCompletedEvent,
        cause=asked,
        agent="coder",
        turn_id=turn_id,
        duration_seconds=1.5,
        success=success,
    )
    record.add(
        TaskCompleted,
        cause=asked,
        agent_type="coder",
        success=success,
        result_summary=summary,
        turn_id=turn_id,
    )


def place_of(events: Sequence[Event], event_class: type[Event]) -> int:
    """Return the number of the first event of a class."""
    return next(event.sequence for event in events if isinstance(event, event_class))
