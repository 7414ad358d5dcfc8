# SPDX-License-Identifier: Apache-2.0
"""Numbers events whose aggregate this process alone writes."""

from collections import defaultdict

from shared.events import Event


class Numbering:
    """Gives unnumbered events the next number of their aggregate, from 1, without gaps.

    It remembers for as long as the process lives, so it is for aggregates that no other process
    writes: ``service:<name>/<instance>``. The events of sessions are numbered in the transaction
    that records them, and pass through unchanged.

    A number is used up when its event is confirmed. Until then the event waits, to be written
    before the next one of its aggregate: a broker that was away for a moment leaves no gap.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._last: dict[str, int] = defaultdict(int)
        self._waiting: dict[str, list[Event]] = defaultdict(list)

    def number(self, event: Event) -> Event:
        """Return the event with its number and source; the same ones while it waits."""
        if event.sequence:
            return event
        waiting = self._waiting[event.aggregate_id]
        for each in waiting:
            if each.event_id == event.event_id:
                return each
        self._last[event.aggregate_id] += 1
        numbered = event.recorded(
            sequence=self._last[event.aggregate_id],
            source=event.source or f"/{self._service}/{event.aggregate_id}",
        )
        waiting.append(numbered)
        return numbered

    def waiting(self, aggregate_id: str) -> list[Event]:
        """Return the events of an aggregate that are not confirmed, in order."""
        return list(self._waiting[aggregate_id])

    def confirmed(self, event: Event) -> None:
        """Note that an event is where it should be, or that it never can be."""
        waiting = self._waiting[event.aggregate_id]
        if event in waiting:
            waiting.remove(event)
