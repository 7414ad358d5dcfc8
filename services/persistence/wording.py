# SPDX-License-Identifier: Apache-2.0
"""Events in a few words, for people who look for something. No I/O."""

from functools import singledispatch

from shared.events import (
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentSwitchedEvent,
    AgentSwitchRequested,
    ApprovalDecided,
    ApprovalRequested,
    AssistantReplied,
    BudgetExceeded,
    DeadLetterDiscarded,
    Event,
    HistoryErased,
    HistoryExported,
    HistoryImported,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageInherited,
    MessageReceived,
    SessionErased,
    SessionErasedEvent,
    SessionForked,
    SessionUpdatedEvent,
    TaskCompleted,
    ToolExecutionFailedEvent,
    TurnCancelled,
)
from shared.events.infrastructure.tool import ToolEvent

MAX_WORDS = 100


def words(event: Event) -> str:
    """Return what is particular to an event, in at most a line."""
    text = " ".join(_words(event).split())
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"


def failed(event: Event) -> bool:
    """Tell whether an event tells of something that went wrong."""
    match event:
        case (
            AgentErrorOccurredEvent()
            | BudgetExceeded()
            | LLMRequestFailedEvent()
            | ToolExecutionFailedEvent()
        ):
            return True
        case _:
            return getattr(event, "success", True) is False


def agent_of(event: Event) -> str | None:
    """Return the agent that an event is about, if it is about one."""
    return getattr(event, "agent", None) or getattr(event, "agent_type", None)


@singledispatch
def _words(event: Event) -> str:
    return ""


@_words.register(MessageReceived)
@_words.register(AssistantReplied)
@_words.register(MessageInherited)
def _(event: MessageReceived | AssistantReplied | MessageInherited) -> str:
    return event.message_content[: MAX_WORDS * 2]


@_words.register(AgentSwitchRequested)
@_words.register(AgentSwitchedEvent)
def _(event: AgentSwitchRequested | AgentSwitchedEvent) -> str:
    return f"{event.from_agent} → {event.to_agent}: {event.reason}"


@_words.register
def _(event: AgentProcessingCompletedEvent) -> str:
    return event.agent


@_words.register
def _(event: AgentErrorOccurredEvent) -> str:
    return f"{event.error_type}: {event.error_message}"


@_words.register
def _(event: LLMRequestCompletedEvent) -> str:
    return f"{event.model}: {event.input_tokens} tokens in, {event.output_tokens} out"


@_words.register
def _(event: LLMRequestFailedEvent) -> str:
    return f"{event.model}: {event.error_type}: {event.error_message}"


@_words.register
def _(event: ToolEvent) -> str:
    return event.tool


@_words.register
def _(event: ToolExecutionFailedEvent) -> str:
    return f"{event.tool}: {event.error_type}: {event.error_message}"


@_words.register
def _(event: ApprovalRequested) -> str:
    return f"{event.tool} for {event.agent_type}"


@_words.register
def _(event: ApprovalDecided) -> str:
    return f"{event.decision} by {event.decided_by}"


@_words.register
def _(event: BudgetExceeded) -> str:
    return f"{event.used:g} of {event.limit:g} {event.budget}"


@_words.register
def _(event: TaskCompleted) -> str:
    return event.result_summary


@_words.register
def _(event: TurnCancelled) -> str:
    return f"by {event.cancelled_by} {event.reason}"


@_words.register
def _(event: SessionUpdatedEvent) -> str:
    return event.state


@_words.register
def _(event: DeadLetterDiscarded) -> str:
    return f"discarded by {event.operator}: {event.reason}"


@_words.register
def _(event: HistoryExported) -> str:
    broken = "" if event.complete else f"broken off after {event.events} events "
    return f"{event.exported_session_id} by {event.operator} {broken}{event.reason}"


@_words.register
def _(event: HistoryImported) -> str:
    return f"{event.imported_session_id} by {event.operator} {event.reason}"


@_words.register
def _(event: HistoryErased) -> str:
    return f"{event.erased_session_id} by {event.operator} {event.reason}"


@_words.register
def _(event: SessionErased) -> str:
    return ": ".join(filter(None, (f"erased by {event.erased_by}", event.erasure_reason)))


@_words.register
def _(event: SessionErasedEvent) -> str:
    return f"erased by {event.operator}"


@_words.register
def _(event: SessionForked) -> str:
    return f"{event.direction} {event.other_session_id} at {event.at_sequence}"
