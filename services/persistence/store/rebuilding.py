# SPDX-License-Identifier: Apache-2.0
"""Builds the read models again beside the live ones, while traffic goes on, and swaps them.

Session by session, with the lock of its stream, all events so far are folded into the second set of
tables. From then on whoever projects a new event of that session brings it into both sets, in the
transaction of the event. So nothing depends on positions, which would pass over what commits late.
When every stream is in, the sets are swapped under a lock that keeps everybody out for a moment.
Of a session of which a file has a part, the rows are taken over as they are.

All that is known of a rebuild is in the database: any copy of the service goes on with it, also
after a crash.
"""

from contextlib import aclosing
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    cast,
    except_all,
    func,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections import Rows, project
from services.persistence.store.archived import carry_over, is_archived
from services.persistence.store.read_models import ReadModels
from services.persistence.tables import LIVE, NEXT, rebuilds, stored, streams
from shared.database import Database, among
from shared.eventstore.reader import EventReader

AT_ONCE = 20
"""How many streams are locked at a time."""

SLICE = 1_000
"""After how many events of a long session what they change is written."""

_LOCK_STREAMS = text("LOCK TABLE persistence.streams IN EXCLUSIVE MODE")


class Rebuilding:
    """Rebuilds, of which one at most goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = EventReader(stored)
        self._next = ReadModels(NEXT)

    async def begin(self) -> int | None:
        """Begin a rebuild; return its number, or None while another goes on."""
        async with self._database.begin() as connection:
            number: int | None = await connection.scalar(select(func.persistence.begin_rebuild()))
            return number

    async def advance(self) -> bool:
        """Take the next step of the rebuild that goes on; tell whether there was one to take."""
        number = await self._going_on()
        if number is None:
            return False
        async with self._database.begin() as connection:
            taken = await self._fold_some(connection, number)
        if not taken:
            await self._compare(number)
            await self._finish(number)
        return True

    async def _going_on(self) -> int | None:
        async with self._database.connect() as connection:
            number: int | None = await connection.scalar(_active())
            return number

    async def _fold_some(self, connection: AsyncConnection, number: int) -> int:
        """Fold some streams that are not in the second set, in the order in which all lock them."""
        query = (
            select(streams.c.aggregate_id, streams.c.version)
            .where(streams.c.rebuilt != number)
            .order_by(streams.c.aggregate_id)
            .limit(AT_ONCE)
            .with_for_update()
        )
        heads = (await connection.execute(query)).all()
        events = 0
        for head in heads:
            events += await self._fold(connection, head.aggregate_id, head.version)
        done = [head.aggregate_id for head in heads]
        await connection.execute(
            update(streams).where(among(streams.c.aggregate_id, done)).values(rebuilt=number)
        )
        await connection.execute(
            update(rebuilds)
            .where(rebuilds.c.id == number)
            .values(streams=rebuilds.c.streams + len(done), events=rebuilds.c.events + events)
        )
        return len(done)

    async def _fold(self, connection: AsyncConnection, aggregate_id: str, version: int) -> int:
        if await is_archived(connection, aggregate_id):
            await carry_over(connection, aggregate_id)
            return version
        rows, pending = Rows(), 0
        pages = self._reader.pages(connection, aggregate_id, last=version)
        async with aclosing(pages):
            async for page in pages:
                for each in page:
                    project(each.event(), rows)
                pending += len(page)
                if pending >= SLICE:
                    await self._next.apply(connection, rows)
                    rows, pending = Rows(), 0
        await self._next.apply(connection, rows)
        return version

    async def _compare(self, number: int) -> None:
        """Note in how many rows the two sets differ, as of one moment, which traffic goes past."""
        async with self._database.begin() as connection:
            await connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = [await connection.scalar(_differences(name)) for name in NEXT]
        async with self._database.begin() as connection:
            await connection.execute(
                update(rebuilds)
                .where(rebuilds.c.id == number)
                .values(differences=sum(each or 0 for each in found))
            )

    async def _finish(self, number: int) -> None:
        """Take in the streams that began meanwhile, and swap, while nobody can begin another."""
        async with self._database.begin() as connection:
            await connection.execute(_LOCK_STREAMS)
            while await self._fold_some(connection, number):
                pass
            await connection.scalar(select(func.persistence.finish_rebuild(number)))


def _active() -> Select[*tuple[Any, ...]]:
    return select(rebuilds.c.id).where(rebuilds.c.finished_at.is_(None))


async def rebuilt_among(connection: AsyncConnection, aggregate_ids: list[str]) -> set[str]:
    """Return which of these streams, whose locks the caller holds, are in the second set."""
    query = select(streams.c.aggregate_id).where(
        among(streams.c.aggregate_id, aggregate_ids),
        streams.c.rebuilt == _active().scalar_subquery(),
    )
    return set(await connection.scalars(query))


def _differences(name: str) -> Select[*tuple[Any, ...]]:
    """Return the query for how many rows of rebuilt sessions are in one set alone."""
    live, new = _rebuilt_rows(LIVE[name]), _rebuilt_rows(NEXT[name])
    return select(func.count()).select_from(
        union_all(except_all(live, new), except_all(new, live)).subquery()
    )


def _rebuilt_rows(table: Table) -> Select[*tuple[Any, ...]]:
    columns: list[ColumnElement[Any]] = [
        cast(column, Text) if isinstance(column.type, JSON) else column for column in table.c
    ]
    return (
        select(*columns)
        .join(streams, streams.c.aggregate_id == table.c.session_id)
        .where(streams.c.rebuilt == _active().scalar_subquery())
    )
