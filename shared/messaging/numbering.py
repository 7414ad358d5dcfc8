# SPDX-License-Identifier: Apache-2.0
"""Numbers events whose aggregate this process alone writes."""

from collections import defaultdict

from shared.events import Event


class Numbering:
    """Gives unnumbered events the next number of their aggregate, from 1, without gaps.

    It remembers for as long as the process lives, so it is for aggregates that no other process
    writes: ``service:<name>/<instance>``. The events of sessions are numbered in the transaction
    that records them, and pass through unchanged.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._last: dict[str, int] = defaultdict(int)

    def number(self, event: Event) -> Event:
        """Return the event with its number and source."""
        if event.sequence:
            return event
        self._last[event.aggregate_id] += 1
        return event.recorded(
            sequence=self._last[event.aggregate_id],
            source=event.source or f"/{self._service}/{event.aggregate_id}",
        )
