# SPDX-License-Identifier: Apache-2.0
"""Takes the content out of records that an outbox keeps."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.erasing import erased
from shared.outbox.store import flat, record_of
from shared.outbox.tables import OutboxTables

PAGE = 500


async def erase_records(
    connection: AsyncConnection, tables: OutboxTables, which: ColumnElement[bool]
) -> int:
    """Blank what records say, whether they are published yet or not; return how many.

    Not one is removed: each has a number that consumers wait for, and all are published again when
    a broker has lost them. The caller holds the lock of their aggregate.
    """
    table = tables.records
    rewrite = (
        update(table)
        .where(table.c.position == bindparam("at"))
        .values(value=bindparam("blank"), headers=bindparam("marked", type_=ARRAY(LargeBinary)))
    )
    behind, changed = 0, 0
    while rows := (await connection.execute(_page(tables, which, behind))).all():
        behind = rows[-1].position
        new = [values for row in rows if (values := _rewritten(row))]
        if new:
            await connection.execute(rewrite, new)
            changed += len(new)
    return changed


def _page(tables: OutboxTables, which: ColumnElement[bool], behind: int) -> Any:
    table = tables.records
    return (
        select(table).where(which, table.c.position > behind).order_by(table.c.position).limit(PAGE)
    )


def _rewritten(row: Any) -> dict[str, Any] | None:
    record = record_of(row)
    blank = erased(record)
    if blank == record:
        return None
    return {"at": row.position, "blank": blank.value, "marked": flat(blank.headers)}
