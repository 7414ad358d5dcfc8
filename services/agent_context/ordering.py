# SPDX-License-Identifier: Apache-2.0
"""Which events of a session can be applied now, and which have to wait for others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from services.agent_context.context import Context
from services.agent_context.context_window import after, erased
from services.agent_context.limits import Limits
from shared.events import DeadLetterDiscarded, Event, EventLevel, SessionErased

Events = Mapping[int, Event]
"""Events by their sequence numbers; one may stand in the place of a discarded event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What came of the arrival of events.

    ``context`` is the new one, None if none could be applied. ``applied`` counts the events in it,
    without discarded ones. ``waited`` are the numbers of events that need not wait any more,
    ``early`` those of arrived events that have to wait.
    """

    context: Context | None = None
    applied: int = 0
    waited: list[int] = field(default_factory=list[int])
    early: list[int] = field(default_factory=list[int])


def advance(
    context: Context,
    arrived: Events,
    waiting: Events,
    limits: Limits,
    *,
    replacing: Collection[int] = (),
) -> Advance:
    """Apply the events that continue ``context`` without a gap; drop those it has already.

    What waits for its turn keeps its place, except from what comes at the numbers in ``replacing``.
    An order to erase the session waits for nothing: what is before it is not wanted any more.
    """
    order = order_among(arrived)
    current = erased(order) if order and order.sequence > context.sequence else context
    while (event := _next(current, arrived, waiting, replacing)) is not None:
        current = after(current, event, limits)
    return Advance(
        context=current if current.sequence > context.sequence else None,
        applied=_applied(context, current),
        waited=[number for number in waiting if number <= current.sequence],
        early=[number for number in arrived if number > current.sequence],
    )


def order_among(arrived: Events) -> SessionErased | None:
    """Return the last order to erase the session, if one arrived."""
    orders = [each for each in arrived.values() if isinstance(each, SessionErased)]
    return max(orders, key=lambda each: each.sequence, default=None)


def advance_past_lost(context: Context, waiting: Events, limits: Limits) -> Advance:
    """Apply waiting events although others before them are missing, where those are lost.

    To be used when all that the topics hold has been read. Topics forget their oldest records, and
    the infrastructure topic does so earlier than the domain topic: what is missing before the first
    infrastructure event of a session that is left is gone. What is missing after it is under way.
    """
    lost = _lost_before(context, waiting)
    current = context
    for number in sorted(waiting):
        if current.sequence < number <= max(lost, current.sequence + 1):
            current = after(current, waiting[number], limits)
    return Advance(
        context=current if current.sequence > context.sequence else None,
        applied=_applied(context, current),
        waited=[number for number in waiting if number <= current.sequence],
    )


def _next(
    context: Context, arrived: Events, waiting: Events, replacing: Collection[int]
) -> Event | None:
    number = context.sequence + 1
    if number in replacing:
        return arrived.get(number)
    return waiting.get(number) or arrived.get(number)


def _applied(before: Context, now: Context) -> int:
    if now.erased and not before.erased:
        return now.sequence - before.sequence
    passed = now.missing - before.missing + now.discarded - before.discarded
    return now.sequence - before.sequence - passed


def _lost_before(context: Context, waiting: Events) -> int:
    """Return the number up to which nothing that is missing will come any more."""
    if context.totals.infrastructure_events:
        return context.sequence
    levels = {
        number: event.level
        for number, event in waiting.items()
        if not isinstance(event, DeadLetterDiscarded)
    }
    infrastructure = [n for n, level in levels.items() if level is EventLevel.INFRASTRUCTURE]
    return min(infrastructure) if infrastructure else max(waiting, default=0)
