# SPDX-License-Identifier: Apache-2.0
"""Which events lead to a point of a stream. No I/O."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.eventstore.store import Until
from shared.eventstore.stored_event import StoredEvent


class Prefix:
    """A stream up to a point, from ``after`` on: before any gap, and never ordered by time."""

    def __init__(self, until: Until, after: int = 0) -> None:
        self._last = until if isinstance(until, int) else None
        self._moment = until if isinstance(until, datetime) else None
        self._version = after
        self.ended = False

    def take(self, events: Iterable[StoredEvent]) -> Iterator[StoredEvent]:
        """Give those of the next ``events`` that belong to it, and note whether it has ended."""
        for event in events:
            if self._ends_before(event):
                self.ended = True
                return
            self._version = event.sequence
            yield event

    def _ends_before(self, event: StoredEvent) -> bool:
        return (
            event.sequence != self._version + 1
            or (self._last is not None and event.sequence > self._last)
            or (self._moment is not None and event.occurred_at > self._moment)
        )
