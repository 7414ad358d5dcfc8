# SPDX-License-Identifier: Apache-2.0
"""Tells of imports, however long the broker or this process was down after one."""

from sqlalchemy import func, select, update

from services.persistence.tables import imports
from shared.database import Database
from shared.events import HistoryImported
from shared.messaging import EventBus


class Announcing:
    """Publishes an event for each import; if the process ends in between, twice."""

    def __init__(self, database: Database, bus: EventBus, *, aggregate_id: str) -> None:
        self._database = database
        self._bus = bus
        self._aggregate_id = aggregate_id

    async def advance(self) -> bool:
        """Tell of the next import that was not told of; say whether there was one."""
        async with self._database.begin() as connection:
            query = (
                select(imports)
                .where(imports.c.announced_at.is_(None))
                .order_by(imports.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            found = (await connection.execute(query)).one_or_none()
            if found is None:
                return False
            await self._bus.publish(
                HistoryImported(
                    aggregate_id=self._aggregate_id,
                    correlation_id=found.correlation_id,
                    operator=found.imported_by,
                    reason=found.reason,
                    imported_session_id=found.aggregate_id,
                    events=found.last_sequence - found.first_sequence + 1,
                    digest=found.digest,
                )
            )
            await connection.execute(
                update(imports).where(imports.c.id == found.id).values(announced_at=func.now())
            )
        return True
