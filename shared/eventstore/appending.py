# SPDX-License-Identifier: Apache-2.0
"""Events to be added at the end of one stream. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from shared.events import Event, Topics
from shared.eventstore.entries import Entry, Place, entry_of
from shared.messaging.codec import encode


@dataclass(frozen=True, slots=True)
class StoredAt:
    """Where an event is stored, and with which bytes."""

    place: Place
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Appending:
    """What a caller wants to append; ``expected`` is the version that the stream has to be at."""

    aggregate_id: str
    events: tuple[Event, ...]
    expected: int | None

    @classmethod
    def of(cls, events: Event | Sequence[Event], expected_version: int | None) -> "Appending":
        """Return what was asked for.

        Raises:
            ValueError: there are no events, or they do not follow each other in one stream.
        """
        several = (events,) if isinstance(events, Event) else tuple(events)
        if not several:
            raise ValueError("there is no event to append")
        first = several[0]
        if any(event.aggregate_id != first.aggregate_id for event in several):
            raise ValueError("events are appended to one stream at a time")
        step = 1 if first.sequence else 0
        if any(each.sequence != first.sequence + i * step for i, each in enumerate(several)):
            raise ValueError("the numbers of the events do not follow each other")
        implied = first.sequence - 1 if first.sequence else None
        if expected_version is not None and implied not in (None, expected_version):
            raise ValueError(f"event {first.sequence} does not follow version {expected_version}")
        expected = implied if expected_version is None else expected_version
        return cls(aggregate_id=first.aggregate_id, events=several, expected=expected)

    def entries(self, version: int, topics: Topics) -> list[Entry]:
        """Return the rows of the events, numbered to follow ``version``."""
        numbered = (
            event.model_copy(update={"sequence": version + 1 + index})
            for index, event in enumerate(self.events)
        )
        return [entry_of(event, encode(event, topics)) for event in numbered]

    def done_at(self, stored: Mapping[UUID, StoredAt], topics: Topics) -> int | None:
        """Return the version after these very events if they are in the stream already."""
        first = stored.get(self.events[0].event_id)
        if first is None or self.expected not in (None, first.place.sequence - 1):
            return None
        for index, event in enumerate(self.events):
            place = Place(self.aggregate_id, first.place.sequence + index)
            digest = sha256(encode(event, topics).value or b"").digest()
            if stored.get(event.event_id) != StoredAt(place, digest):
                return None
        return first.place.sequence + len(self.events) - 1
