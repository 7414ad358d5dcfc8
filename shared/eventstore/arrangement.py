# SPDX-License-Identifier: Apache-2.0
"""Where arriving events go: which are new, which are known, and which contradict. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from shared.events import DeadLetterDiscarded
from shared.eventstore.conflicts import Conflict, ConflictKind
from shared.eventstore.entries import Coordinates, Entry, Place


class Known(Protocol):
    """What has to be known of a stored event to compare another with it."""

    @property
    def event_id(self) -> UUID: ...  # noqa: D102 -- named as in the table
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def digest(self) -> bytes: ...  # noqa: D102
    @property
    def coordinates(self) -> Coordinates | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream goes.

    ``version`` is the end of the unbroken run from 1, ``highest`` the highest number that is
    stored. They differ while an event is missing. Of one that was ``erased``, nobody keeps what its
    events say.
    """

    version: int = 0
    highest: int = 0
    erased: bool = False


@dataclass(slots=True)
class Arrangement:
    """What becomes of each arriving event.

    A duplicate came from another place on Kafka than the one that is stored; a redelivery is the
    same record again, which is nothing special. What a stand-in is for, when it comes after all,
    is a duplicate too; and a stand-in for what is there already is nothing.
    """

    fresh: list[Entry] = field(default_factory=list[Entry])
    duplicates: list[Entry] = field(default_factory=list[Entry])
    redeliveries: list[Entry] = field(default_factory=list[Entry])
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    @property
    def dropped(self) -> int:
        """Return how many records were there already; stand-ins were no records."""
        known = (*self.duplicates, *self.redeliveries)
        return sum(not stands_in(each) for each in known)


def stands_in(known: Known) -> bool:
    """Tell whether this is in the place of a discarded event; it came from no topic as it is."""
    return known.coordinates is None and DeadLetterDiscarded.is_named(known.type)


def arrange(entries: Sequence[Entry], stored: Mapping[Place, Known]) -> Arrangement:
    """Sort ``entries`` by comparing each with what is stored, and with those before it."""
    result = Arrangement()
    places: dict[Place, Known] = dict(stored)
    for entry in entries:
        known = places.get(entry.place)
        if known is None:
            places[entry.place] = entry
            result.fresh.append(entry)
        else:
            _compare(entry, known, result)
    result.conflicts.extend(_reused_ids(result.fresh))
    return result


def _compare(entry: Entry, known: Known, result: Arrangement) -> None:
    if stands_in(entry):
        result.redeliveries.append(entry)
    elif stands_in(known) and known.event_id == entry.event_id:
        result.duplicates.append(entry)
    elif known.event_id != entry.event_id:
        conflict = Conflict(ConflictKind.PLACE_TAKEN, entry, known.event_id)
        result.conflicts.append(conflict)
    elif known.type != entry.type or not _says_the_same(entry, known):
        conflict = Conflict(ConflictKind.BYTES_DIFFER, entry, known.event_id)
        result.conflicts.append(conflict)
    elif known.coordinates == entry.coordinates:
        result.redeliveries.append(entry)
    else:
        result.duplicates.append(entry)


def _says_the_same(entry: Entry, known: Known) -> bool:
    """Tell whether bytes are those that came first, as far as they had not to be erased since."""
    return known.digest == entry.digest or entry.erased_at is not None or entry.came_erased


def _reused_ids(fresh: Sequence[Entry]) -> Iterable[Conflict]:
    if len({entry.event_id for entry in fresh}) == len(fresh):
        return
    seen: set[UUID] = set()
    for entry in fresh:
        if entry.event_id in seen:
            yield Conflict(ConflictKind.ID_REUSED, entry, entry.event_id)
        seen.add(entry.event_id)


def unbroken(version: int, sequences: Iterable[int]) -> int:
    """Return the end of the run that starts after ``version``; ``sequences`` ascend from there."""
    for sequence in sequences:
        if sequence != version + 1:
            break
        version = sequence
    return version
