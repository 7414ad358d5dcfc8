# SPDX-License-Identifier: Apache-2.0
"""Reads events from PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Join, Select, Text, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.stored_event import StoredEvent
from shared.eventstore.tables import EventTables

PAGE = 1_000
FIRST_PAGE = 100


class EventReader:
    """Reads the streams of an event store, over a connection of the caller."""

    def __init__(self, tables: EventTables) -> None:
        self._events = tables.events
        self._records = tables.records
        said = self._records.c
        self._columns = (
            *self._events.c,
            said.key,
            func.coalesce(said.value, b"").label("value"),
            func.coalesce(cast(said.headers, Text), "[]").label("headers"),
            said.erased_at,
            said.recorded_at.is_(None).label("archived"),
        )

    def query(self) -> Select[Any]:
        """Return a query for events that can be narrowed, for ``read``."""
        return select(*self._columns).select_from(self._joined())

    def _joined(self, *narrower: ColumnElement[bool]) -> Join:
        """Return events with their records, where these are not archived.

        The two are of one transaction and so of one time, by which only one month is looked into.
        """
        events, said = self._events.c, self._records.c
        same = (
            (said.aggregate_id == events.aggregate_id)
            & (said.sequence == events.sequence)
            & (said.recorded_at == events.recorded_at)
        )
        return self._events.outerjoin(self._records, and_(same, *narrower))

    async def after(
        self,
        connection: AsyncConnection,
        aggregate_id: str,
        version: int,
        *,
        last: int | None = None,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return what came after ``version``, by sequence, up to ``last`` inclusive."""
        events = self._events
        query = (
            select(*self._columns)
            .select_from(self._joined(self._records.c.sequence > version))
            .where(events.c.aggregate_id == aggregate_id, events.c.sequence > version)
            .order_by(events.c.sequence)
            .limit(limit)
        )
        if last is not None:
            query = query.where(events.c.sequence <= last)
        return await read(connection, query)

    async def pages(
        self,
        connection: AsyncConnection,
        aggregate_id: str,
        version: int = 0,
        *,
        last: int | None = None,
    ) -> AsyncGenerator[list[StoredEvent]]:
        """Give what came after ``version``, a page at a time, however long the stream is.

        The first page is a small one, since who goes on from a snapshot often needs no more.
        """
        size = FIRST_PAGE
        while page := await self.after(connection, aggregate_id, version, last=last, limit=size):
            yield page
            if len(page) < size:
                return
            version, size = page[-1].sequence, PAGE


async def read(connection: AsyncConnection, query: Select[Any]) -> list[StoredEvent]:
    """Return the events of an ``EventReader.query``.

    By place and not by name: this is what reading a long history spends its time on.
    """
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return list(map(StoredEvent._make, rows))
