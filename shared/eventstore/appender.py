# SPDX-License-Identifier: Apache-2.0
"""Adds events at the end of a stream in PostgreSQL, in one statement and one round trip."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.appending import StoredAt
from shared.eventstore.columns import Types, array, parameters, rows
from shared.eventstore.entries import EVENT_COLUMNS, RECORD_COLUMNS, Entry, Place
from shared.eventstore.tables import EventTables


class Appender:
    """Adds events to streams whose version is known, or finds that it is another one."""

    def __init__(self, tables: EventTables) -> None:
        events = tables.events
        columns = {**tables.records.c, **tables.events.c}
        kinds = {name: columns[name].type for name in Entry._fields}
        self._types: Types = {**kinds, "headers": Text()}
        self._begin = self._insert_after(tables, _begun(tables))
        self._continue = self._insert_after(tables, _moved(tables))
        self._find = select(
            events.c.event_id, events.c.aggregate_id, events.c.sequence, events.c.digest
        ).where(events.c.event_id == any_(array("event_ids", Uuid())))

    def _insert_after(self, tables: EventTables, head: CTE) -> Insert:
        """Return the statement that adds events if the step ``head`` has moved the stream."""
        new = rows(self._types)
        taken = select(*new.c).join(head, literal(True)).cte("taken")
        records = (
            insert(tables.records)
            .from_select(
                list(RECORD_COLUMNS),
                select(
                    *(
                        cast(taken.c[name], JSON) if name == "headers" else taken.c[name]
                        for name in RECORD_COLUMNS
                    )
                ),
            )
            .returning(tables.records.c.sequence)
            .cte("recorded")
        )
        return (
            insert(tables.events)
            .from_select(list(EVENT_COLUMNS), select(*(taken.c[name] for name in EVENT_COLUMNS)))
            .add_cte(records)
        )

    async def insert(
        self, connection: AsyncConnection, entries: Sequence[Entry], *, version: int
    ) -> bool:
        """Add ``entries`` if their stream is at ``version`` without a gap; tell whether it was."""
        values: dict[str, Any] = {
            "stream": entries[0].aggregate_id,
            "before": version,
            "after": version + len(entries),
            **parameters(self._types, entries),
        }
        statement = self._continue if version else self._begin
        return (await connection.execute(statement, values)).rowcount == len(entries)

    async def find(
        self, connection: AsyncConnection, event_ids: Sequence[UUID]
    ) -> dict[UUID, StoredAt]:
        """Return where those events are that are stored."""
        found = await connection.execute(self._find, {"event_ids": list(event_ids)})
        return {
            row.event_id: StoredAt(Place(row.aggregate_id, row.sequence), row.digest)
            for row in found
        }


_STREAM: BindParameter[str] = bindparam("stream")
_BEFORE: BindParameter[int] = bindparam("before")
_AFTER: BindParameter[int] = bindparam("after")


def _moved(tables: EventTables) -> CTE:
    """Return the step that moves a stream on from a version; it gives no row if it cannot."""
    streams = tables.streams
    return (
        update(streams)
        .where(
            streams.c.aggregate_id == _STREAM,
            streams.c.version == _BEFORE,
            streams.c.highest == _BEFORE,
        )
        .values(version=_AFTER, highest=_AFTER)
        .returning(streams.c.version)
        .cte("head")
    )


def _begun(tables: EventTables) -> CTE:
    """Return the step that moves a stream on from nothing, whether or not it has a row."""
    streams = tables.streams
    return (
        insert(streams)
        .values(aggregate_id=_STREAM, version=_AFTER, highest=_AFTER)
        .on_conflict_do_update(
            index_elements=["aggregate_id"],
            set_={"version": _AFTER, "highest": _AFTER},
            where=(streams.c.version == _BEFORE) & (streams.c.highest == _BEFORE),
        )
        .returning(streams.c.version)
        .cte("head")
    )
