# SPDX-License-Identifier: Apache-2.0
"""Which relay publishes which shards: leases that run out by themselves."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.outbox.tables import SHARDS, OutboxTables


class ShardLeases:
    """Shares the shards evenly among the relays that are alive.

    Time is that of the database, so the clocks of the relays do not matter. A relay that loses its
    lease while it publishes can at worst publish a record twice, and consumers drop the second.
    """

    def __init__(self, tables: OutboxTables, *, owner: str, lease: timedelta) -> None:
        self._tables = tables
        self._owner = owner
        self._lease = lease

    async def renew(self, connection: AsyncConnection) -> frozenset[int]:
        """Take or keep a fair share of the shards and return it."""
        share = await self._fair_share(connection)
        await self._keep(connection, share)
        await self._take_free(connection, share)
        shards = self._tables.shards
        held = await connection.execute(select(shards.c.shard).where(self._mine))
        return frozenset(held.scalars())

    async def release(self, connection: AsyncConnection) -> None:
        """Give all shards back, so that another relay need not wait for the lease to run out."""
        shards, relays = self._tables.shards, self._tables.relays
        await connection.execute(update(shards).where(self._mine).values(owner=None))
        await connection.execute(delete(relays).where(relays.c.owner == self._owner))

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tables.shards.c.owner == self._owner

    async def _fair_share(self, connection: AsyncConnection) -> int:
        relays = self._tables.relays
        until = func.now() + self._lease
        await connection.execute(
            insert(relays)
            .values(owner=self._owner, lease_until=until)
            .on_conflict_do_update(index_elements=[relays.c.owner], set_={"lease_until": until})
        )
        alive = await connection.scalar(
            select(func.count()).select_from(relays).where(relays.c.lease_until > func.now())
        )
        return -(-SHARDS // (alive or 1))

    async def _keep(self, connection: AsyncConnection, share: int) -> None:
        shards = self._tables.shards
        kept = select(shards.c.shard).where(self._mine).order_by(shards.c.shard).limit(share)
        await connection.execute(
            update(shards)
            .where(self._mine, shards.c.shard.not_in(kept))
            .values(owner=None, lease_until=None)
        )
        await connection.execute(
            update(shards).where(self._mine).values(lease_until=func.now() + self._lease)
        )

    async def _take_free(self, connection: AsyncConnection, share: int) -> None:
        shards = self._tables.shards
        held = await connection.scalar(select(func.count()).select_from(shards).where(self._mine))
        free = (
            select(shards.c.shard)
            .where(or_(shards.c.owner.is_(None), shards.c.lease_until < func.now()))
            .order_by(shards.c.shard)
            .limit(max(0, share - (held or 0)))
            .with_for_update(skip_locked=True)
        )
        await connection.execute(
            update(shards)
            .where(shards.c.shard.in_(free))
            .values(owner=self._owner, lease_until=func.now() + self._lease)
        )
