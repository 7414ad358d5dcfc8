# SPDX-License-Identifier: Apache-2.0
"""What operators had done here, written down with the deed and told to everybody after it."""

from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import announcements
from shared.database import Database
from shared.events import HistoryErased, HistoryExported, HistoryImported
from shared.events.infrastructure.operations import OperationEvent
from shared.messaging import EventBus

UNTOLD: Final = "service:persistence"
"""Whose event it is until a process tells it, which puts its own name there."""

_KINDS: Final[dict[str, type[OperationEvent]]] = {
    each.name(): each for each in (HistoryErased, HistoryExported, HistoryImported)
}


async def announce(connection: AsyncConnection, event: OperationEvent) -> None:
    """Have an event told, if and only if the transaction of the deed is committed."""
    await connection.execute(
        insert(announcements).values(
            type=event.name(),
            payload=event.payload(),
            correlation_id=event.correlation_id,
            occurred_at=event.occurred_at,
        )
    )


class Announcing:
    """Publishes what is yet to be told, however long the broker or this process was down.

    If the process ends between telling and noting that it told, it tells twice.
    """

    def __init__(self, database: Database, bus: EventBus, *, aggregate_id: str) -> None:
        self._database = database
        self._bus = bus
        self._aggregate_id = aggregate_id

    async def advance(self) -> bool:
        """Tell what comes next; say whether there was anything.

        What a newer release wrote is left for it.
        """
        async with self._database.begin() as connection:
            query = (
                select(announcements)
                .where(announcements.c.announced_at.is_(None), announcements.c.type.in_(_KINDS))
                .order_by(announcements.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            found = (await connection.execute(query)).one_or_none()
            if found is None:
                return False
            await self._bus.publish(
                _KINDS[found.type].model_validate(
                    {
                        **found.payload,
                        "aggregate_id": self._aggregate_id,
                        "correlation_id": found.correlation_id,
                        "occurred_at": found.occurred_at,
                    }
                )
            )
            await connection.execute(
                update(announcements)
                .where(announcements.c.id == found.id)
                .values(announced_at=func.now())
            )
        return True
