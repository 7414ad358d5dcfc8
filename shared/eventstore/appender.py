# SPDX-License-Identifier: Apache-2.0
"""Adds events at the end of a stream in PostgreSQL, in one statement and one round trip."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Uuid, any_, cast, literal, select, update
from sqlalchemy.dialects.postgresql import JSON, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from shared.eventstore.appending import StoredAt
from shared.eventstore.columns import Types, array, rows
from shared.eventstore.entries import Entry, Place
from shared.eventstore.tables import EventTables


class Appender:
    """Adds events to streams whose version is known, or finds that it is another one."""

    def __init__(self, tables: EventTables) -> None:
        self._events = tables.events
        self._streams = tables.streams
        columns = {name: self._events.c[name].type for name in Entry._fields}
        self._types: Types = {**columns, "headers": Text()}

    async def insert(
        self, connection: AsyncConnection, entries: Sequence[Entry], *, version: int
    ) -> bool:
        """Add ``entries`` if their stream is at ``version`` without a gap; tell whether it was."""
        head = self._move(entries[0].aggregate_id, version, version + len(entries))
        new = rows(self._types, entries)
        values = [
            cast(new.c[name], JSON) if name == "headers" else new.c[name] for name in self._types
        ]
        result = await connection.execute(
            insert(self._events).from_select(
                list(self._types), select(*values).join(head, literal(True))
            )
        )
        return result.rowcount == len(entries)

    def _move(self, aggregate_id: str, version: int, after: int) -> CTE:
        """Return the step that moves the head of a stream, and gives no row if it cannot."""
        streams = self._streams
        at = (streams.c.version == version) & (streams.c.highest == version)
        moved: dict[str, Any] = {"version": after, "highest": after}
        if version:
            statement: Any = (
                update(streams).where(streams.c.aggregate_id == aggregate_id, at).values(moved)
            )
        else:
            statement = (
                insert(streams)
                .values(aggregate_id=aggregate_id, **moved)
                .on_conflict_do_update(index_elements=["aggregate_id"], set_=moved, where=at)
            )
        head: CTE = statement.returning(streams.c.version).cte("head")
        return head

    async def find(
        self, connection: AsyncConnection, event_ids: Sequence[UUID]
    ) -> dict[UUID, StoredAt]:
        """Return where those events are that are stored."""
        events = self._events
        found = await connection.execute(
            select(
                events.c.event_id, events.c.aggregate_id, events.c.sequence, events.c.digest
            ).where(events.c.event_id == any_(array(event_ids, Uuid())))
        )
        return {
            row.event_id: StoredAt(Place(row.aggregate_id, row.sequence), row.digest)
            for row in found
        }
