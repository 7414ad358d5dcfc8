# SPDX-License-Identifier: Apache-2.0
"""What caused what: depths, trees, and what does not fit into them. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.eventstore.stored_event import StoredEvent

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Caused:
    """An event and how many causes it has behind it; ``orphan`` if its cause is nowhere."""

    stored: StoredEvent
    depth: int
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class CausalTree:
    """Events below their causes, and the circles of events that are each other's cause."""

    events: Sequence[Caused]
    cycles: Sequence[Sequence[UUID]]


def depth(cause: UUID | None, causes: Mapping[UUID, UUID | None]) -> int:
    """Return how many of the known ``causes`` lead to an event, which is bounded."""
    steps = 0
    while cause is not None and cause in causes and steps < MAX_DEPTH:
        cause = causes[cause]
        steps += 1
    return steps


def causal_tree(events: Iterable[StoredEvent], elsewhere: set[UUID]) -> CausalTree:
    """Return ``events`` as a tree in the order in which it is read.

    ``elsewhere`` are causes that exist, but are not among them. Siblings are in the order of
    their numbers, never of their time.
    """
    by_id = {event.event_id: event for event in sorted(events, key=_place)}
    children = defaultdict[UUID | None, list[StoredEvent]](list)
    for event in by_id.values():
        children[event.causation_id if event.causation_id in by_id else None].append(event)
    placed = [
        Caused(event, depth, orphan=_is_orphan(event, by_id, elsewhere))
        for event, depth in _walk(children)
    ]
    reached = {each.stored.event_id for each in placed}
    rest = {key: event for key, event in by_id.items() if key not in reached}
    cycles = list(_cycles(rest))
    return CausalTree([*placed, *(Caused(event, 0) for event in rest.values())], cycles)


def _walk(
    children: Mapping[UUID | None, list[StoredEvent]],
) -> Iterator[tuple[StoredEvent, int]]:
    waiting = [(event, 0) for event in reversed(children.get(None, []))]
    while waiting:
        event, level = waiting.pop()
        yield event, level
        waiting.extend((each, level + 1) for each in reversed(children.get(event.event_id, [])))


def _is_orphan(event: StoredEvent, known: Mapping[UUID, StoredEvent], elsewhere: set[UUID]) -> bool:
    cause = event.causation_id
    return cause is not None and cause not in known and cause not in elsewhere


def _cycles(rest: Mapping[UUID, StoredEvent]) -> Iterator[list[UUID]]:
    """Give each circle once; what merely hangs below a circle is no part of it."""
    seen: set[UUID] = set()
    for start in rest:
        path: list[UUID] = []
        current: UUID | None = start
        while current is not None and current not in seen:
            seen.add(current)
            path.append(current)
            current = rest[current].causation_id if current in rest else None
        if current is not None and current in path:
            yield path[path.index(current) :]


def _place(event: StoredEvent) -> tuple[str, int]:
    return (event.aggregate_id, event.sequence)
