# SPDX-License-Identifier: Apache-2.0
"""What is said about entries, and which can be asked for."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import Field

from services.audit.api.view import EPOCH, Moment, Text, View
from services.audit.store.queries import EntryFilter, FoundEntry, SessionSummary, TypeCount
from services.audit.trail.appending import Place
from services.audit.trail.entry import EventIdentity

MAX_PAGE = 500


class EntryPlace(View):
    """Where an entry is."""

    log: int
    index: int

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return a view of ``place``."""
        return cls(log=place.log_id, index=place.position)


class Entry(View):
    """An entry: what the log commits to; ``duplicate_of`` is where its event was before.

    ``problem`` says why no event could be read; there is an event otherwise.
    """

    log: int
    index: int
    origin: str
    offset: int
    timestamp: int
    leaf_hash: str
    headers_digest: str
    payload_digest: str
    problem: str | None
    event: EventIdentity | None
    duplicate_of: EntryPlace | None

    @classmethod
    def of(cls, found: FoundEntry) -> Self:
        """Return a view of ``found``."""
        entry = found.entry
        return cls(
            log=found.place.log_id,
            index=found.place.position,
            origin=entry.origin,
            offset=entry.offset,
            timestamp=entry.timestamp,
            leaf_hash=found.leaf_hash.hex(),
            headers_digest=entry.headers_digest.hex(),
            payload_digest=entry.payload_digest.hex(),
            problem=entry.problem,
            event=entry.event,
            duplicate_of=EntryPlace.of(found.duplicate_of) if found.duplicate_of else None,
        )


class EntryQuery(View):
    """Which entries; one has to meet all that is given. The times are those of the records."""

    session_id: Text | None = None
    correlation_id: Text | None = None
    type: Text | None = None
    log: int | None = Field(default=None, ge=0, lt=2**31)
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,9}:[0-9]{1,18}$", description="`next` of the page before"
    )

    def filter(self) -> EntryFilter:
        """Return what is asked for, without the paging."""
        return EntryFilter(
            session_id=self.session_id,
            correlation_id=self.correlation_id,
            event_type=self.type,
            log_id=self.log,
            from_time=_milliseconds(self.since),
            to_time=_milliseconds(self.until),
        )

    def after(self) -> Place | None:
        """Return the last place of the page before."""
        if self.cursor is None:
            return None
        log_id, _, position = self.cursor.partition(":")
        return Place(int(log_id), int(position))


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(milliseconds=1)


class EntryPage(View):
    """Some entries, and the cursor of the next page if there may be one."""

    entries: list[Entry]
    next: str | None

    @classmethod
    def of(cls, found: list[FoundEntry], *, limit: int) -> Self:
        """Return a page of ``found``; a full one may have another behind it."""
        last = found[-1].place if len(found) == limit else None
        return cls(
            entries=[Entry.of(each) for each in found],
            next=f"{last.log_id}:{last.position}" if last else None,
        )


class Session(View):
    """What is logged of a session.

    ``gaps`` are ranges of sequences, first and last, of which there ought to be events as well.
    """

    session_id: str
    records: int
    events: int
    duplicates: int
    last_sequence: int
    gaps: list[tuple[int, int]]
    by_type: dict[str, int]
    entries: EntryPage

    @classmethod
    def of(cls, session_id: str, summary: SessionSummary, entries: EntryPage) -> Self:
        """Return a view of ``summary`` with the first page of entries."""
        return cls(
            session_id=session_id,
            records=summary.records,
            events=summary.events,
            duplicates=summary.records - summary.events,
            last_sequence=summary.last_sequence,
            gaps=summary.gaps,
            by_type=summary.by_type,
            entries=entries,
        )


class Tally(View):
    """How many records there are; each holds a new event, one logged before, or none."""

    records: int = 0
    events: int = 0
    duplicates: int = 0
    opaque: int = 0

    def plus(self, count: TypeCount) -> Self:
        """Return this tally with ``count`` added."""
        opaque = 0 if count.event_type else count.records
        return self.model_copy(
            update={
                "records": self.records + count.records,
                "events": self.events + count.records - count.duplicates - opaque,
                "duplicates": self.duplicates + count.duplicates,
                "opaque": self.opaque + opaque,
            }
        )


class Counts(View):
    """How many records were logged: altogether, for each type of event, and in each log."""

    total: Tally
    by_type: dict[str, Tally]
    by_log: dict[str, Tally]

    @classmethod
    def of(cls, counts: list[TypeCount]) -> Self:
        """Return the sums of ``counts``."""
        total, by_type, by_log = Tally(), dict[str, Tally](), dict[str, Tally]()
        for count in counts:
            total = total.plus(count)
            by_log[count.origin] = by_log.get(count.origin, Tally()).plus(count)
            if count.event_type:
                by_type[count.event_type] = by_type.get(count.event_type, Tally()).plus(count)
        return cls(total=total, by_type=by_type, by_log=by_log)
