# SPDX-License-Identifier: Apache-2.0
"""Publishes again what an outbox still keeps, of one key or of a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.outbox.tables import OutboxTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Which published records; they have to meet all that is given."""

    key: bytes | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None

    def conditions(self, tables: OutboxTables) -> list[ColumnElement[bool]]:
        """Return this as conditions on the records of an outbox."""
        table = tables.records
        found: list[ColumnElement[bool]] = [table.c.published_at.is_not(None)]
        if self.key is not None:
            found.append(table.c.key == self.key)
        if self.recorded_from is not None:
            found.append(table.c.recorded_at >= self.recorded_from)
        if self.recorded_until is not None:
            found.append(table.c.recorded_at < self.recorded_until)
        return found


async def how_many(connection: AsyncConnection, tables: OutboxTables, replay: Replay) -> int:
    """Return how many records would be published again."""
    query = select(func.count()).select_from(tables.records).where(*replay.conditions(tables))
    return await connection.scalar(query) or 0


async def publish_again(connection: AsyncConnection, tables: OutboxTables, replay: Replay) -> int:
    """Have the records published again, and return how many.

    They get in line by their positions, as they were: of one key, each comes after those that were
    recorded before it, and before all that waits.
    """
    again = update(tables.records).where(*replay.conditions(tables)).values(published_at=None)
    return (await connection.execute(again)).rowcount
