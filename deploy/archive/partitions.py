# SPDX-License-Identifier: Apache-2.0
"""The months of records that are in the database, and what is in the way of archiving one."""

import re
from collections.abc import Sequence
from functools import cache

from sqlalchemy import MetaData, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.archive.month import Month
from services.persistence.tables import records, streams

SHOWN = 5

_TABLES = text("""
    SELECT c.relname FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'persistence.records'::regclass ORDER BY c.relname
""")
_NAME = re.compile(r"records_(\d{4})_(\d{2})")


async def months(connection: AsyncConnection) -> list[Month]:
    """Return the months that have a partition, the oldest first."""
    names = [_NAME.fullmatch(each) for each in await connection.scalars(_TABLES)]
    return [Month(int(each[1]), int(each[2])) for each in names if each]


async def count(connection: AsyncConnection, month: Month) -> int:
    """Return how many events a month has."""
    query = select(func.count()).select_from(table_of(month))
    return int((await connection.execute(query)).scalar_one())


async def lock(connection: AsyncConnection, month: Month) -> None:
    """Let nobody write into a month until the transaction ends; it can still be read."""
    table = table_of(month).fullname
    await connection.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


async def streams_behind_a_gap(connection: AsyncConnection, month: Month) -> Sequence[str]:
    """Return streams with events of a month that wait for others, which would need their text."""
    said = table_of(month).c
    query = (
        select(streams.c.aggregate_id)
        .join(table_of(month), said.aggregate_id == streams.c.aggregate_id)
        .where(streams.c.highest > streams.c.version, said.sequence > streams.c.version)
        .distinct()
        .order_by(streams.c.aggregate_id)
        .limit(SHOWN)
    )
    return list(await connection.scalars(query))


async def last_events(connection: AsyncConnection, month: Month) -> dict[str, int]:
    """Return the last event that each session has in a month."""
    said = table_of(month).c
    query = (
        select(said.aggregate_id, func.max(said.sequence).label("last"))
        .where(said.aggregate_id.not_like("service:%"))
        .group_by(said.aggregate_id)
        .order_by(said.aggregate_id)
    )
    return {row.aggregate_id: row.last for row in await connection.execute(query)}


async def drop(connection: AsyncConnection, month: Month) -> None:
    """Take a month out of the database."""
    table = table_of(month).fullname
    await connection.execute(text(f"ALTER TABLE {records.fullname} DETACH PARTITION {table}"))
    await connection.execute(text(f"DROP TABLE {table}"))


@cache
def table_of(month: Month) -> Table:
    """Return the table of a month, which is like that of all months."""
    return records.to_metadata(MetaData(), schema="persistence_months", name=month.table)
