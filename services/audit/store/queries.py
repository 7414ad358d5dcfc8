# SPDX-License-Identifier: Apache-2.0
"""What can be asked about the logs and their entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, distinct, func, select, tuple_

from services.audit.store.rows import AnyRow, AnySelect, read_entry, read_head
from services.audit.tables import checkpoints, counts, entries, heads, logs
from services.audit.trail.appending import Head, Place
from services.audit.trail.entry import Entry
from shared.database import Database

MAX_GAPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """A log with its newest checkpoint, if it has one."""

    origin: str
    head: Head
    signed_size: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """An entry with its place; ``duplicate_of`` is where its event was logged before."""

    place: Place
    entry: Entry
    leaf_hash: bytes
    duplicate_of: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries: those that fit everything that is not None; times in milliseconds."""

    session_id: str | None = None
    correlation_id: str | None = None
    event_type: str | None = None
    log_id: int | None = None
    from_time: int | None = None
    to_time: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the same as SQL."""
        column = entries.c
        wanted = (
            (self.session_id, column.session_id.__eq__),
            (self.correlation_id, column.correlation_id.__eq__),
            (self.event_type, column.event_type.__eq__),
            (self.log_id, column.log_id.__eq__),
            (self.from_time, column.timestamp.__ge__),
            (self.to_time, column.timestamp.__lt__),
        )
        return [compare(value) for value, compare in wanted if value is not None]


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


class AuditQueries:
    """Answers questions, and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def logs(self) -> list[LogState]:
        """Return the state of every log."""
        newest = func.max(checkpoints.c.size)
        signed = (
            select(
                checkpoints.c.log_id,
                newest.label("signed_size"),
                func.max(checkpoints.c.signed_at).label("signed_at"),
            )
            .group_by(checkpoints.c.log_id)
            .subquery()
        )
        query = (
            select(logs.c.origin, heads, signed.c.signed_size, signed.c.signed_at)
            .join(heads, heads.c.log_id == logs.c.log_id)
            .outerjoin(signed, signed.c.log_id == logs.c.log_id)
            .order_by(logs.c.log_id)
        )
        return [_log_state(row) for row in await self._rows(query)]

    async def checkpoint(self, log_id: int) -> str | None:
        """Return the newest checkpoint of a log as a signed note; None if it has none."""
        query = (
            select(checkpoints.c.note)
            .where(checkpoints.c.log_id == log_id)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        )
        return next((row.note for row in await self._rows(query)), None)

    async def entry(self, place: Place) -> FoundEntry | None:
        """Return the entry at a place; None if there is none."""
        query = _found().where(
            entries.c.log_id == place.log_id, entries.c.position == place.position
        )
        return next(map(_found_entry, await self._rows(query)), None)

    async def entries(
        self, wanted: EntryFilter, *, after: Place | None, limit: int
    ) -> list[FoundEntry]:
        """Return the next entries that fit, in the order of the logs and then of their entries."""
        query = _found().where(*wanted.conditions())
        if after:
            query = query.where(tuple_(entries.c.log_id, entries.c.position) > after)
        ordered = query.order_by(entries.c.log_id, entries.c.position).limit(limit)
        return [_found_entry(row) for row in await self._rows(ordered)]

    async def session(self, session_id: str) -> SessionSummary | None:
        """Return what is logged of a session; None if that is nothing."""
        of_session = entries.c.session_id == session_id
        by_type = select(
            entries.c.event_type,
            func.count(),
            func.count(distinct(entries.c.event_id)),
            func.max(entries.c.sequence),
        )
        rows = await self._rows(by_type.where(of_session).group_by(entries.c.event_type))
        if not rows:
            return None
        gaps = await self._rows(_gaps(session_id))
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
            for row in await self._rows(query)
        ]

    async def _rows(self, query: AnySelect) -> Sequence[AnyRow]:
        async with self._database.connect() as connection:
            return (await connection.execute(query)).all()


def _log_state(row: AnyRow) -> LogState:
    return LogState(
        origin=row.origin,
        head=read_head(row),
        signed_size=row.signed_size or 0,
        signed_at=row.signed_at,
    )


def _found() -> AnySelect:
    return select(entries, logs.c.origin).join(logs, logs.c.log_id == entries.c.log_id)


def _found_entry(row: AnyRow) -> FoundEntry:
    first = row.duplicate_of_log
    return FoundEntry(
        place=Place(row.log_id, row.position),
        entry=read_entry(row, origin=row.origin),
        leaf_hash=row.leaf_hash,
        duplicate_of=None if first is None else Place(first, row.duplicate_of_position),
    )


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
