# SPDX-License-Identifier: Apache-2.0
"""What arrived for which place of which session."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from shared.errors import PermanentError
from shared.events import DeadLetterDiscarded, Event, Topics
from shared.messaging import Delivery, OutgoingRecord, Record, encode

SERVICE = "agent_context"
"""The name that is on the dead letters of this service."""

_OF_A_SERVICE = "service:"


class Rank(IntEnum):
    """What goes before what, where two things come for one place."""

    USUAL = 0
    REDRIVEN = 1
    STAND_IN = 2


class Arrival(NamedTuple):
    """An event for a place, and the record to keep while it has to wait."""

    event: Event
    record: Record | OutgoingRecord
    rank: Rank


Arrivals = Mapping[int, Arrival]
"""Arrivals of a session by their places."""


def arrivals(deliveries: Iterable[Delivery], *, retry_topic: str) -> dict[str, Arrivals]:
    """Return what arrived for each session; events that are of no session are left out.

    Raises:
        PermanentError: an event has no place in its sequence.
    """
    found: dict[str, dict[int, Arrival]] = {}
    for delivery in deliveries:
        arrival = _arrival(delivery, retry_topic)
        if arrival is None:
            continue
        places = found.setdefault(arrival.event.aggregate_id, {})
        there = places.get(arrival.event.sequence)
        if there is None or there.rank <= arrival.rank:
            places[arrival.event.sequence] = arrival
    return dict(found)


def _arrival(delivery: Delivery, retry_topic: str) -> Arrival | None:
    event = delivery.event
    if isinstance(event, DeadLetterDiscarded):
        return _stand_in(event)
    if event is None or event.session_id is None or event.session_id != event.aggregate_id:
        return None
    if not event.sequence:
        raise PermanentError(f"event {event.event_id} has no place in its sequence")
    redriven = delivery.record.topic == retry_topic
    return Arrival(event, delivery.record, Rank.REDRIVEN if redriven else Rank.USUAL)


def _stand_in(event: DeadLetterDiscarded) -> Arrival | None:
    """Return what stands in for an event that this service gave up; others skip their own."""
    stand_in = event.stand_in() if event.service == SERVICE else None
    if stand_in is None or stand_in.aggregate_id.startswith(_OF_A_SERVICE):
        return None
    return Arrival(stand_in, encode(stand_in, Topics()), Rank.STAND_IN)
