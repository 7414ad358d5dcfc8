# SPDX-License-Identifier: Apache-2.0
"""Folds events into counts, rates and distributions: how things were done."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import Final

from services.metrics import names
from services.metrics.changes import Changes, First, Free, Increment, Refused
from services.metrics.units import micros, nano_usd, whole
from shared.events import (
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentSwitchedEvent,
    Event,
    HITLApprovalRequestedEvent,
    HITLDecisionMadeEvent,
    HITLTimeoutOccurredEvent,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
)

SECONDS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 30.0, 60.0),
)
"""The upper bounds of the buckets of what machines do."""

RUNS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""The upper bounds of the buckets of what agents do."""

MINUTES: Final = (
    *(0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0),
    *(300.0, 900.0, 3600.0, 14400.0, 86400.0, 604800.0),
)
"""The upper bounds of the buckets of what people do."""

SUCCESS: Final = "success"
FAILURE: Final = "failure"
EXPIRED: Final = "expired"


def rollup(events: Iterable[Event], refused: Refused) -> Changes:
    """Return what ``events`` add to the totals: the same in whatever order they come."""
    changes = Changes()
    for event in events:
        changes.add([_seen(event)], refused)
        changes.add(increments(event), refused)
        if event.session_id:
            changes.firsts.add(
                First(session_id=event.session_id, flag="seen", key=(names.SESSIONS_SEEN,))
            )
    return changes


def _seen(event: Event) -> Increment:
    return Increment(names.EVENTS, (event.level.value, event.name()))


@singledispatch
def increments(event: Event) -> Iterator[Increment]:
    """Give what an event adds beside itself; most add nothing."""
    yield from ()


@increments.register
def _(event: AgentSwitchedEvent) -> Iterator[Increment]:
    yield Increment(names.SWITCHES, (_agent(event.from_agent), _agent(event.to_agent)))


@increments.register
def _(event: AgentProcessingCompletedEvent) -> Iterator[Increment]:
    agent = _agent(event.agent)
    yield Increment(names.AGENT_RUNS, (agent, _outcome(event.success)))
    yield from duration(names.AGENT_SECONDS, agent, event.duration_seconds, buckets=RUNS)


@increments.register
def _(event: AgentErrorOccurredEvent) -> Iterator[Increment]:
    error = Free("error_type", event.error_type)
    yield Increment(names.AGENT_ERRORS, (_agent(event.agent), error))


@increments.register
def _(event: ToolExecutedEvent) -> Iterator[Increment]:
    yield Increment(names.TOOL_CALLS, (_tool(event.tool), _outcome(event.success)))
    yield from duration(names.TOOL_SECONDS, _tool(event.tool), event.duration_seconds)


@increments.register
def _(event: ToolExecutionFailedEvent) -> Iterator[Increment]:
    yield Increment(names.TOOL_CALLS, (_tool(event.tool), FAILURE))
    yield from duration(names.TOOL_SECONDS, _tool(event.tool), event.duration_seconds)


@increments.register
def _(event: HITLApprovalRequestedEvent) -> Iterator[Increment]:
    yield Increment(names.TOOL_APPROVALS, (_tool(event.tool),))


@increments.register
def _(event: HITLDecisionMadeEvent) -> Iterator[Increment]:
    yield Increment(names.DECISIONS, (_tool(event.tool), event.decision))
    yield from duration(names.DECISION_WAIT, event.decision, event.wait_seconds, buckets=MINUTES)


@increments.register
def _(event: HITLTimeoutOccurredEvent) -> Iterator[Increment]:
    yield Increment(names.DECISIONS, (_tool(event.tool), EXPIRED))
    yield from duration(names.DECISION_WAIT, EXPIRED, event.wait_seconds, buckets=MINUTES)


@increments.register
def _(event: LLMRequestCompletedEvent) -> Iterator[Increment]:
    model = Free("model", event.requested_model or event.model)
    yield Increment(names.LLM_REQUESTS, (model, SUCCESS))
    yield from duration(names.LLM_SECONDS, model, event.duration_seconds)
    yield Increment(names.LLM_TOKENS, ("input", model), whole(event.input_tokens))
    yield Increment(names.LLM_TOKENS, ("output", model), whole(event.output_tokens))
    yield Increment(names.LLM_TOKENS, ("cached", model), whole(event.cached_tokens))
    if event.cost_usd is not None:
        yield Increment(names.LLM_COST, (model,), nano_usd(event.cost_usd))


@increments.register
def _(event: LLMRequestFailedEvent) -> Iterator[Increment]:
    model = Free("model", event.model)
    yield Increment(names.LLM_REQUESTS, (model, FAILURE))
    yield from duration(names.LLM_SECONDS, model, event.duration_seconds)


def bounds(buckets: tuple[float, ...]) -> list[str]:
    """Return the upper bounds of a distribution's buckets as they are kept and shown."""
    return [*map(str, buckets), "+Inf"]


def duration(
    name: str, label: str | Free, seconds: float, *, buckets: tuple[float, ...] = SECONDS
) -> Iterator[Increment]:
    """Give what one duration adds to a distribution."""
    yield Increment(name, (label, bounds(buckets)[bisect_left(buckets, seconds)]))
    yield Increment(name, (label, names.SUM), micros(seconds))


def _agent(name: str) -> Free:
    return Free("agent", name)


def _tool(name: str) -> Free:
    return Free("tool", name)


def _outcome(success: bool) -> str:
    return SUCCESS if success else FAILURE
