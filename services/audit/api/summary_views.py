# SPDX-License-Identifier: Apache-2.0
"""What is said about how much is logged."""

from typing import Self

from services.audit.api.entry_views import EntryPage
from services.audit.api.view import View
from services.audit.store.summary_queries import SessionSummary, TypeCount


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
