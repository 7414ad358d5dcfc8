# SPDX-License-Identifier: Apache-2.0
"""Folds events into the figures of each session."""

from collections.abc import Iterable, Iterator
from functools import singledispatch

from services.metrics.changes import Changes, Refused, SessionChange
from services.metrics.units import epoch_micros, micros, nano_usd, whole
from shared.events import (
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentSwitchedEvent,
    AssistantReplied,
    Event,
    HITLApprovalRequestedEvent,
    HITLDecisionMadeEvent,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageReceived,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
)

Amount = tuple[str, int]
"""A figure of a session, and what is added to it."""


def session_rollup(events: Iterable[Event], _: Refused) -> Changes:
    """Return what ``events`` add to the sessions they are of, in whatever order they come."""
    changes = Changes()
    for event in events:
        if event.session_id:
            session = changes.sessions.setdefault(event.session_id, SessionChange())
            _add(session, event)
    return changes


def _add(session: SessionChange, event: Event) -> None:
    session.sums["events"] = session.sums.get("events", 0) + 1
    for name, amount in amounts(event):
        session.sums[name] = session.sums.get(name, 0) + amount
    occurred = epoch_micros(event.occurred_at)
    session.first_at = min(session.first_at or occurred, occurred)
    session.last_at = max(session.last_at, occurred)


@singledispatch
def amounts(event: Event) -> Iterator[Amount]:
    """Give what an event adds beside itself; most add nothing."""
    yield from ()


@amounts.register
def _(event: MessageReceived) -> Iterator[Amount]:
    yield "messages", 1


@amounts.register
def _(event: AssistantReplied) -> Iterator[Amount]:
    yield "messages", 1


@amounts.register
def _(event: AgentSwitchedEvent) -> Iterator[Amount]:
    yield "switches", 1


@amounts.register
def _(event: AgentProcessingCompletedEvent) -> Iterator[Amount]:
    yield "agent_runs", 1
    yield "agent_micros", micros(event.duration_seconds)


@amounts.register
def _(event: AgentErrorOccurredEvent) -> Iterator[Amount]:
    yield "errors", 1


@amounts.register
def _(event: ToolExecutedEvent) -> Iterator[Amount]:
    yield "tool_calls", 1
    yield "tool_micros", micros(event.duration_seconds)
    if not event.success:
        yield "tool_failures", 1


@amounts.register
def _(event: ToolExecutionFailedEvent) -> Iterator[Amount]:
    yield "tool_calls", 1
    yield "tool_micros", micros(event.duration_seconds)
    yield "tool_failures", 1


@amounts.register
def _(event: HITLApprovalRequestedEvent) -> Iterator[Amount]:
    yield "approvals", 1


@amounts.register
def _(event: HITLDecisionMadeEvent) -> Iterator[Amount]:
    yield "decisions", 1


@amounts.register
def _(event: LLMRequestCompletedEvent) -> Iterator[Amount]:
    yield "llm_requests", 1
    yield "llm_micros", micros(event.duration_seconds)
    yield "input_tokens", whole(event.input_tokens)
    yield "output_tokens", whole(event.output_tokens)
    yield "cached_tokens", whole(event.cached_tokens)
    if event.cost_usd is not None:
        yield "cost_nano_usd", nano_usd(event.cost_usd)


@amounts.register
def _(event: LLMRequestFailedEvent) -> Iterator[Amount]:
    yield "llm_requests", 1
    yield "llm_failures", 1
    yield "llm_micros", micros(event.duration_seconds)
