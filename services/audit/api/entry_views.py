# SPDX-License-Identifier: Apache-2.0
"""What is said about entries, and which can be asked for."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import Field

from services.audit.api.view import EPOCH, Moment, Text, View
from services.audit.store.entry_queries import EntryFilter, FoundEntry
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
