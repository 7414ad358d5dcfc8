# SPDX-License-Identifier: Apache-2.0
"""Folds domain events into counts: what happened to sessions, and in them."""

from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import Final

from services.metrics import names
from services.metrics.changes import Changes, First, Free, Increment, Refused
from services.metrics.rollup import RUNS, duration
from shared.events import (
    AssistantReplied,
    BudgetExceeded,
    ConversationCompleted,
    DomainEvent,
    Event,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    SessionExpired,
    TaskCompleted,
    TurnCancelled,
)

COUNTED: Final[tuple[type[DomainEvent], ...]] = (
    SessionCreated,
    ConversationCompleted,
    SessionExpired,
    SessionDeleted,
    MessageReceived,
    AssistantReplied,
    TaskCompleted,
    TurnCancelled,
    BudgetExceeded,
)
"""The events that count here."""

_ENDINGS: Final[dict[type[Event], str]] = {
    ConversationCompleted: "completed",
    SessionExpired: "expired",
    SessionDeleted: "deleted",
}
_OVER: Final = (names.SESSIONS_OVER,)
_BEGUN: Final = "begun"
_ENDED: Final = "ended"


def session_lifecycle(events: Iterable[Event], refused: Refused) -> Changes:
    """Return what ``events`` add: the same in whatever order they come.

    A session can end more than once, as when it is completed and later deleted; it is over once.
    """
    changes = Changes()
    for event in events:
        changes.add(increments(event), refused)
        if isinstance(event, SessionCreated):
            changes.firsts.add(_flag(event.session_id, _BEGUN, beside=_ENDED))
        elif isinstance(event, (ConversationCompleted, SessionExpired, SessionDeleted)):
            changes.firsts.add(_flag(event.session_id, _ENDED, beside=_BEGUN))
    return changes


def _flag(session_id: str, flag: str, *, beside: str) -> First:
    return First(session_id=session_id, flag=flag, key=_OVER, beside=beside)


@singledispatch
def increments(event: Event) -> Iterator[Increment]:
    """Give what an event adds."""
    if ending := _ENDINGS.get(type(event)):
        yield Increment(names.SESSIONS_ENDED, (ending,))


@increments.register
def _(event: SessionCreated) -> Iterator[Increment]:
    yield Increment(names.SESSIONS_CREATED)


@increments.register
def _(event: MessageReceived) -> Iterator[Increment]:
    yield Increment(names.MESSAGES, ("user",))


@increments.register
def _(event: AssistantReplied) -> Iterator[Increment]:
    yield Increment(names.MESSAGES, ("assistant",))


@increments.register
def _(event: TaskCompleted) -> Iterator[Increment]:
    outcome = "success" if event.success else "failure"
    yield Increment(names.TURNS, (Free("agent", event.agent_type), outcome))
    yield from _took(outcome, event.duration_seconds)


@increments.register
def _(event: TurnCancelled) -> Iterator[Increment]:
    yield Increment(names.TURNS, (Free("agent", ""), "cancelled"))
    yield from _took("cancelled", event.duration_seconds)


@increments.register
def _(event: BudgetExceeded) -> Iterator[Increment]:
    yield Increment(names.BUDGET_BREACHES, (event.budget,))


def _took(outcome: str, seconds: float | None) -> Iterator[Increment]:
    """Give how long a turn took; events of earlier releases do not say."""
    if seconds is not None:
        yield from duration(names.TURN_SECONDS, outcome, seconds, buckets=RUNS)
