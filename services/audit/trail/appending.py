# SPDX-License-Identifier: Apache-2.0
"""What becomes of a log when records are appended to it."""

from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from services.audit.trail.entry import Contents, Entry
from services.audit.transparency import Frontier, Node, hash_leaf

EMPTY = Frontier()


class Place(NamedTuple):
    """Where an entry is: in which log, and at which position from 0."""

    log_id: int
    position: int


class Mark(NamedTuple):
    """By what a record is known when it is delivered again.

    The offset alone is not enough: where a topic was deleted and made anew, or a broker lost its
    last records, the same offset holds another record, and that has to be logged too.
    """

    offset: int
    timestamp: int
    headers_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A record as it was observed, ready to be appended."""

    entry: Entry
    contents: Contents
    leaf_hash: bytes

    @classmethod
    def of(cls, entry: Entry, contents: Contents) -> Self:
        """Return the observation of a record, with the hash of its leaf."""
        return cls(entry=entry, contents=contents, leaf_hash=hash_leaf(entry.leaf()))

    @property
    def mark(self) -> Mark:
        """Return by what the record is known when it is delivered again."""
        return Mark(self.entry.offset, self.entry.timestamp, self.entry.headers_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a log ends, and which offsets it accounts for.

    ``rewritten`` counts the entries whose offset had held another record before.
    """

    log_id: int
    frontier: Frontier = EMPTY
    first_offset: int | None = None
    last_offset: int | None = None
    rewritten: int = 0

    @property
    def missing(self) -> int:
        """Return how many offsets between the first and the last no record had.

        Compacted and transactional topics have such; elsewhere, each is a record that was lost.
        """
        if self.first_offset is None or self.last_offset is None:
            return 0
        accounted = self.frontier.size - self.rewritten
        return self.last_offset - self.first_offset + 1 - accounted

    def may_hold(self, observation: Observation) -> bool:
        """Tell whether the log may have an entry for the same offset."""
        return self.last_offset is not None and observation.entry.offset <= self.last_offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """A record at its place in a log; ``duplicate_of`` is where its event was before."""

    place: Place
    observation: Observation
    duplicate_of: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What has to be stored after appending: the new head, entries and nodes of the tree."""

    head: Head
    entries: Sequence[Appended]
    nodes: dict[Node, bytes]


def extend(
    head: Head,
    observations: Sequence[Observation],
    *,
    known: Collection[Mark],
    first_seen: MutableMapping[UUID, Place],
) -> Extension:
    """Append those observations that the log does not hold already.

    ``known`` are the marks of what it holds at their offsets. ``first_seen`` says where events were
    logged first, and learns of those that are logged now.
    """
    marks, offsets = set(known), {mark.offset for mark in known}
    fresh, rewritten = list[Observation](), 0
    for observation in observations:
        mark = observation.mark
        if mark not in marks:
            fresh.append(observation)
            rewritten += mark.offset in offsets
            marks.add(mark)
            offsets.add(mark.offset)
    frontier, nodes = head.frontier.extend(each.leaf_hash for each in fresh)
    return Extension(
        head=Head(
            log_id=head.log_id,
            frontier=frontier,
            first_offset=min(_offsets(head.first_offset, fresh), default=None),
            last_offset=max(_offsets(head.last_offset, fresh), default=None),
            rewritten=head.rewritten + rewritten,
        ),
        entries=[
            _append(observation, Place(head.log_id, position), first_seen)
            for position, observation in enumerate(fresh, start=head.frontier.size)
        ],
        nodes=nodes,
    )


def _offsets(known: int | None, fresh: Sequence[Observation]) -> list[int]:
    return [*(() if known is None else (known,)), *(each.entry.offset for each in fresh)]


def _append(
    observation: Observation, place: Place, first_seen: MutableMapping[UUID, Place]
) -> Appended:
    event = observation.entry.event
    first = first_seen.setdefault(event.event_id, place) if event else place
    return Appended(
        place=place, observation=observation, duplicate_of=None if first == place else first
    )
