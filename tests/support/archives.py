# SPDX-License-Identifier: Apache-2.0
"""Events of an old month, and how they are stored."""

from sqlalchemy import text

from deploy.archive.month import Month
from services.persistence.tables import records, stored
from shared.database import Database
from shared.events import Event
from shared.eventstore.reader import EventReader, read
from shared.eventstore.stored_event import StoredEvent
from tests.support.history import TestHistory

OLD, FOLLOWING = Month(2026, 3), Month(2026, 4)


async def age(owner: Database, month: Month) -> None:
    """Have what is stored so far be stored in an old month."""
    moment = month.begins.replace(day=3)
    async with owner.begin() as connection:
        await connection.execute(text("SELECT persistence.ensure_months(:at, :at)"), {"at": moment})
        for table in ("events", "records"):
            await connection.execute(
                text(
                    f"UPDATE persistence.{table} SET recorded_at = :at"  # noqa: S608 -- one of two
                    " WHERE recorded_at > '2026-06-01'"
                ),
                {"at": moment},
            )


async def two_months(history: TestHistory, owner: Database, events: list[Event]) -> None:
    """Have the first 20 events be stored in an old month, and the others now."""
    await history.take(*events[:20])
    await age(owner, OLD)
    await history.take(*events[20:])


async def stored_in(owner: Database, session_id: str) -> list[StoredEvent]:
    """Return the events of a session that have their records in the database."""
    query = EventReader(stored).query().where(records.c.aggregate_id == session_id)
    async with owner.connect() as connection:
        return await read(connection, query.order_by(records.c.sequence))
