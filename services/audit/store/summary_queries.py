# SPDX-License-Identifier: Apache-2.0
"""How much is logged: altogether, and of a session."""

from dataclasses import dataclass

from sqlalchemy import distinct, func, select

from services.audit.store.selecting import AnySelect, select_all
from services.audit.tables import counts, entries, logs
from shared.database import Database

MAX_GAPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCount:
    """How many records of a log hold events of a type; without a type, no event at all."""

    origin: str
    event_type: str
    records: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """What the logs hold of a session.

    ``gaps`` are ranges of sequences, first and last, of which there ought to be events as well.
    """

    records: int
    events: int
    last_sequence: int
    gaps: list[tuple[int, int]]
    by_type: dict[str, int]


class SummaryQueries:
    """Counts what is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def session(self, session_id: str) -> SessionSummary | None:
        """Return what is logged of a session; None if that is nothing."""
        by_type = (
            select(
                entries.c.event_type,
                func.count(),
                func.count(distinct(entries.c.event_id)),
                func.max(entries.c.sequence),
            )
            .where(entries.c.session_id == session_id)
            .group_by(entries.c.event_type)
        )
        rows = await select_all(self._database, by_type)
        if not rows:
            return None
        gaps = await select_all(self._database, _gaps(session_id))
        return SessionSummary(
            records=sum(records for _, records, _, _ in rows),
            events=sum(events for _, _, events, _ in rows),
            last_sequence=max(sequence for _, _, _, sequence in rows),
            gaps=[(first, last) for first, last in gaps],
            by_type={event_type: events for event_type, _, events, _ in rows},
        )

    async def counts(self) -> list[TypeCount]:
        """Return how many records of each log hold events of each type."""
        query = (
            select(logs.c.origin, counts)
            .join(counts, counts.c.log_id == logs.c.log_id)
            .order_by(logs.c.log_id, counts.c.event_type)
        )
        return [
            TypeCount(
                origin=row.origin,
                event_type=row.event_type,
                records=row.records,
                duplicates=row.duplicates,
            )
            for row in await select_all(self._database, query)
        ]


def _gaps(session_id: str) -> AnySelect:
    """Select the ranges of sequences, first and last, that no entry of the session has."""
    sequences = (
        select(entries.c.sequence)
        .where(entries.c.session_id == session_id, entries.c.aggregate_id == session_id)
        .distinct()
        .subquery()
    )
    before = func.lag(sequences.c.sequence, 1, 0).over(order_by=sequences.c.sequence)
    pairs = select(sequences.c.sequence, before.label("before")).subquery()
    return (
        select(pairs.c.before + 1, pairs.c.sequence - 1)
        .where(pairs.c.sequence > pairs.c.before + 1)
        .order_by(pairs.c.sequence)
        .limit(MAX_GAPS)
    )
