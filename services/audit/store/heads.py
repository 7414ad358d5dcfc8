# SPDX-License-Identifier: Apache-2.0
"""Where each log ends; whoever holds the lock of a head may append to the log."""

from collections.abc import Sequence

from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.rows import head_values, read_head
from services.audit.tables import heads, logs
from services.audit.trail.appending import Head
from shared.database import among


async def lock_heads(connection: AsyncConnection, origins: list[str]) -> dict[str, Head]:
    """Return the heads of the logs by their names, locked until the end of the transaction.

    Logs that do not exist yet are created. Heads are locked in the order of their ids, so that two
    processes never wait for each other.
    """
    locked = await _lock_existing(connection, origins)
    missing = [origin for origin in origins if origin not in locked]
    if missing:
        await _create(connection, missing)
        locked = await _lock_existing(connection, origins)
    return locked


async def move_heads(connection: AsyncConnection, moved: Sequence[Head]) -> None:
    """Store where the logs end now."""
    await connection.execute(
        update(heads).where(heads.c.log_id == bindparam("moved")),
        [{"moved": head.log_id, **head_values(head)} for head in moved],
    )


async def _lock_existing(connection: AsyncConnection, origins: list[str]) -> dict[str, Head]:
    rows = await connection.execute(
        select(logs.c.origin, heads)
        .join(heads, heads.c.log_id == logs.c.log_id)
        .where(among(logs.c.origin, origins))
        .order_by(logs.c.log_id)
        .with_for_update(of=heads)
    )
    return {row.origin: read_head(row) for row in rows}


async def _create(connection: AsyncConnection, origins: list[str]) -> None:
    """Create logs without entries; what another process creates meanwhile is left as it is."""
    await connection.execute(
        insert(logs).on_conflict_do_nothing(), [{"origin": origin} for origin in origins]
    )
    empty = {name: literal(value) for name, value in head_values(Head(log_id=0)).items()}
    ids = select(logs.c.log_id, *empty.values()).where(among(logs.c.origin, origins))
    await connection.execute(
        insert(heads).from_select(["log_id", *empty], ids).on_conflict_do_nothing()
    )
