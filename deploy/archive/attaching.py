# SPDX-License-Identifier: Apache-2.0
"""Fills the table of a month beside those that are in use, and makes it one of them.

Nobody waits for it but at the end, for a moment.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import MetaData, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.archive.month import Month
from deploy.archive.partitions import table_of
from services.persistence.tables import records, streams
from shared.eventstore.stored_event import StoredEvent

WITHIN = "within_month"

_OTHER = records.to_metadata(MetaData(), schema="persistence_months", name="records_other")
"""The partition of what is recorded in a month that has none of its own."""


async def build(connection: AsyncConnection, month: Month) -> None:
    """Make the table of a month, beside those that are in use."""
    table, held = table_of(month).fullname, _held(month)
    await connection.execute(text(f"CREATE TABLE {table} (LIKE {records.fullname} INCLUDING ALL)"))
    await connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {WITHIN} CHECK ({held})"))


async def copy(connection: AsyncConnection, month: Month, said: Iterable[StoredEvent]) -> None:
    """Bring what events said into the table of their month."""
    table = table_of(month)
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.copy_records_to_table(
        table.name,
        schema_name=table.schema,
        columns=table.c.keys(),
        records=(
            (
                each.aggregate_id,
                each.sequence,
                each.recorded_at,
                each.key,
                each.value,
                each.headers_json,
                each.erased_at,
            )
            for each in said
        ),
    )


async def gather(connection: AsyncConnection, month: Month) -> None:
    """Move what was stored for a month that had no table any more into its table."""
    within = (_OTHER.c.recorded_at >= month.begins) & (_OTHER.c.recorded_at < month.ends)
    late = delete(_OTHER).where(within).returning(*_OTHER.c).cte("late")
    await connection.execute(
        insert(table_of(month)).from_select(_OTHER.c.keys(), select(late)).add_cte(late)
    )


async def hold_erased(connection: AsyncConnection, month: Month) -> set[str]:
    """Let no session with events in the table of a month be erased; return which were.

    An erasure that is under way is waited for, and one that comes waits for this transaction.
    """
    restored = select(table_of(month).c.aggregate_id)
    query = (
        select(streams.c.aggregate_id, streams.c.erased)
        .where(streams.c.aggregate_id.in_(restored))
        .order_by(streams.c.aggregate_id)
        .with_for_update(read=True, key_share=True)
    )
    return {row.aggregate_id for row in await connection.execute(query) if row.erased}


async def attach(connection: AsyncConnection, month: Month) -> None:
    """Have the table of a month be part of the history.

    It is known to fit, so it need not be read while others wait.
    """
    table = table_of(month).fullname
    bounds = f"FROM ('{month.begins.isoformat()}') TO ('{month.ends.isoformat()}')"
    await connection.execute(
        text(f"ALTER TABLE {records.fullname} ATTACH PARTITION {table} FOR VALUES {bounds}")
    )
    await connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {WITHIN}"))


def _held(month: Month) -> str:
    begins, ends = month.begins.isoformat(), month.ends.isoformat()
    return f"recorded_at >= '{begins}' AND recorded_at < '{ends}'"
