# SPDX-License-Identifier: Apache-2.0
"""What can be asked about the entries of the logs."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, tuple_

from services.audit.store.rows import read_entry
from services.audit.store.selecting import AnyRow, AnySelect, select_all
from services.audit.tables import entries, logs
from services.audit.trail.appending import Place
from services.audit.trail.entry import Entry
from shared.database import Database


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


class EntryQueries:
    """Answers questions about entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entry(self, place: Place) -> FoundEntry | None:
        """Return the entry at a place; None if there is none."""
        query = _found().where(
            entries.c.log_id == place.log_id, entries.c.position == place.position
        )
        return next(map(_found_entry, await select_all(self._database, query)), None)

    async def entries(
        self, wanted: EntryFilter, *, after: Place | None, limit: int
    ) -> list[FoundEntry]:
        """Return the next entries that fit, in the order of the logs and then of their entries."""
        query = _found().where(*wanted.conditions())
        if after:
            query = query.where(tuple_(entries.c.log_id, entries.c.position) > after)
        ordered = query.order_by(entries.c.log_id, entries.c.position).limit(limit)
        return [_found_entry(row) for row in await select_all(self._database, ordered)]


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
