# SPDX-License-Identifier: Apache-2.0
"""Adds events at the end of a stream in PostgreSQL, in one statement and one round trip."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Driver
from shared.eventstore.appending import StoredAt
from shared.eventstore.columns import Types, array, parameters, rows
from shared.eventstore.driver_statement import DriverStatement
from shared.eventstore.entries import Entry, Place
from shared.eventstore.tables import IDENTIFIER, EventTables

_PLACE = ("aggregate_id", "sequence")
_EVENT = ("event_id", "type", "correlation_id", "causation_id", "occurred_at", "digest")
_RECORD = ("value", "headers")
"""What differs between the events of one append; they came from no topic, so no more is known."""


class Appender:
    """Adds events to streams whose version is known, or finds that it is another one."""

    def __init__(self, tables: EventTables) -> None:
        events = tables.events
        columns = {**tables.records.c, **tables.events.c}
        self._types: Types = {
            name: Text() if name == "headers" else columns[name].type for name in _EVENT + _RECORD
        }
        self._begin = DriverStatement(self._insert_after(tables, _begun(tables)))
        self._continue = DriverStatement(self._insert_after(tables, _moved(tables)))
        self._find = select(
            events.c.event_id, events.c.aggregate_id, events.c.sequence, events.c.digest
        ).where(events.c.event_id == any_(array("event_ids", Uuid())))

    def _insert_after(self, tables: EventTables, head: CTE) -> Insert:
        """Return the statement that adds events if the step ``head`` has moved the stream."""
        new = rows(self._types, number="number")
        place = (_STREAM.label("aggregate_id"), (_BEFORE + new.c.number).label("sequence"))
        taken = (
            select(*place, *(new.c[name] for name in self._types)).join(head, true()).cte("taken")
        )
        said = (taken.c.value, cast(taken.c.headers, JSON))
        records = (
            insert(tables.records)
            .from_select(
                [*_PLACE, "key", *_RECORD], select(*(taken.c[name] for name in _PLACE), _KEY, *said)
            )
            .returning(tables.records.c.sequence)
            .cte("recorded")
        )
        return (
            insert(tables.events)
            .from_select(
                [*_PLACE, *_EVENT], select(*(taken.c[name] for name in (*_PLACE, *_EVENT)))
            )
            .add_cte(records)
        )

    async def insert(self, driver: Driver, entries: Sequence[Entry], *, version: int) -> bool:
        """Add ``entries`` of one append if their stream is at ``version`` without a gap.

        Tell whether it was.
        """
        values: dict[str, Any] = {
            "stream": entries[0].aggregate_id,
            "key": entries[0].key,
            "before": version,
            "after": version + len(entries),
            **parameters(self._types, [_values(entry) for entry in entries]),
        }
        statement = self._continue if version else self._begin
        return await statement.changed(driver, values) == len(entries)

    async def find(
        self, connection: AsyncConnection, event_ids: Sequence[UUID]
    ) -> dict[UUID, StoredAt]:
        """Return where those events are that are stored."""
        found = await connection.execute(self._find, {"event_ids": list(event_ids)})
        return {
            row.event_id: StoredAt(Place(row.aggregate_id, row.sequence), row.digest)
            for row in found
        }


_values = itemgetter(*map(Entry._fields.index, _EVENT + _RECORD))
_STREAM: BindParameter[str] = bindparam("stream", type_=IDENTIFIER)
_KEY: BindParameter[bytes] = bindparam("key", type_=LargeBinary())
_BEFORE: BindParameter[int] = bindparam("before", type_=BigInteger())
_AFTER: BindParameter[int] = bindparam("after", type_=BigInteger())


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
