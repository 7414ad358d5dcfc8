# SPDX-License-Identifier: Apache-2.0
"""What is left of a session that is erased while files have a part of its events.

It cannot be folded again, so its rows and snapshots are kept, without what was said.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.blanking import blank_row, blank_snapshot
from services.persistence.projections import READ_MODELS, ReadModel, Rows
from services.persistence.state import FOLD
from services.persistence.store.archived import in_a_file
from services.persistence.store.read_models import ReadModels
from services.persistence.tables import LIVE, archives, events, snapshots


@dataclass(frozen=True, slots=True)
class Remains:
    """Rows of the read models, and the snapshots that states are still made from."""

    rows: Rows
    snapshots: list[dict[str, Any]]

    async def put_back(self, connection: AsyncConnection, read_models: ReadModels) -> None:
        """Write them in the place of what was erased."""
        await read_models.apply(connection, self.rows)
        if self.snapshots:
            await connection.execute(insert(snapshots), self.snapshots)


async def remains_of(connection: AsyncConnection, session_id: str) -> Remains:
    """Return what will be left of a session; what was said is let go of row by row."""
    rows = Rows()
    for model in READ_MODELS:
        async for row in _rows(connection, model, session_id):
            key = tuple(row.pop(name) for name in model.key)
            rows.put(model, key, blank_row(model, row))
    return Remains(rows, [each async for each in _snapshots(connection, session_id)])


async def _rows(
    connection: AsyncConnection, model: ReadModel, session_id: str
) -> AsyncIterator[dict[str, Any]]:
    live = LIVE[model.name]
    found = await connection.stream(select(live).where(live.c.session_id == session_id))
    async for row in found.mappings():
        yield dict(row)


async def _snapshots(connection: AsyncConnection, session_id: str) -> AsyncIterator[dict[str, Any]]:
    """Give the snapshots up to the last event that is in a file; later ones are taken again."""
    last = (
        select(func.max(events.c.sequence))
        .join(archives, in_a_file())
        .where(events.c.aggregate_id == session_id)
        .scalar_subquery()
    )
    query = select(snapshots).where(
        snapshots.c.aggregate_id == session_id,
        snapshots.c.fold == FOLD,
        snapshots.c.sequence <= last,
    )
    found = await connection.stream(query)
    async for row in found.mappings():
        yield {**row, "state": blank_snapshot(row["state"])}
