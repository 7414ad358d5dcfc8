# SPDX-License-Identifier: Apache-2.0
"""The records of an outbox in PostgreSQL."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import among, not_among
from shared.errors import PermanentError
from shared.messaging.codec import MAX_RECORD_BYTES
from shared.messaging.headers import Headers
from shared.messaging.records import OutgoingRecord
from shared.outbox.tables import SHARDS, OutboxTables

_PENDING = ("position", "topic", "key", "value", "headers")
_ANNOUNCED = 200
"""How much of a key is announced, in bytes: of those that this system makes, all."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A record that waits to be published."""

    position: int
    record: OutgoingRecord


@dataclass(frozen=True, slots=True)
class Depth:
    """How many records wait, and how long the oldest has waited that was never published."""

    records: int
    oldest_seconds: float


class Outbox:
    """Records in the caller's transaction what is to be published once it has committed."""

    def __init__(self, tables: OutboxTables, *, max_record_bytes: int = MAX_RECORD_BYTES) -> None:
        self.tables = tables
        self._max_record_bytes = max_record_bytes
        self.announces = True
        """Whether a relay in another process may have to be told; the relay of this one knows."""

    async def add(self, connection: AsyncConnection, records: Sequence[OutgoingRecord]) -> None:
        """Add records; those of one key are published in the order in which they were added.

        The caller holds the lock of the aggregate, so that no other transaction adds records of
        the same key meanwhile.

        Raises:
            PermanentError: a record is too large to be published ever.
        """
        if not records:
            return
        for record in records:
            self._check_size(record)
        rows = [
            {
                "shard": shard_of(record.key),
                "topic": record.topic,
                "key": record.key,
                "value": record.value,
                "headers": flat(record.headers),
            }
            for record in records
        ]
        await connection.execute(insert(self.tables.records), rows)
        if self.announces:
            key = (records[-1].key or b"")[:_ANNOUNCED].decode(errors="replace")
            await connection.execute(select(func.pg_notify(self.tables.channel, key)))

    def _check_size(self, record: OutgoingRecord) -> None:
        size = len(record.value or b"")
        if size > self._max_record_bytes:
            raise PermanentError(f"an event of {size} bytes; it may have {self._max_record_bytes}")

    async def pending(
        self,
        connection: AsyncConnection,
        shards: Collection[int],
        *,
        limit: int,
        besides: Sequence[int] = (),
    ) -> list[Pending]:
        """Return the next records of ``shards``, in order for each key.

        ``besides`` are positions that are passed over. Those behind a position are not enough: a
        record that commits late has a place before others that are visible already.
        """
        table = self.tables.records
        rows = await connection.execute(
            select(*(table.c[name] for name in _PENDING))
            .where(
                table.c.published_at.is_(None),
                among(table.c.shard, shards),
                not_among(table.c.position, besides),
            )
            .order_by(table.c.position)
            .limit(limit)
        )
        return [Pending(row.position, record_of(row)) for row in rows.all()]

    async def published(
        self, connection: AsyncConnection, positions: Sequence[int], *, cluster_id: str
    ) -> None:
        """Note that the broker has confirmed the records."""
        table = self.tables.records
        await connection.execute(
            update(table)
            .where(among(table.c.position, positions))
            .values(published_at=func.now(), cluster_id=cluster_id)
        )

    async def replay(
        self, connection: AsyncConnection, shards: Collection[int], *, cluster_id: str
    ) -> int:
        """Have everything published again that another cluster has had; return how much."""
        table = self.tables.records
        result = await connection.execute(
            update(table)
            .where(
                among(table.c.shard, shards),
                table.c.published_at.is_not(None),
                or_(table.c.cluster_id.is_(None), table.c.cluster_id != cluster_id),
            )
            .values(published_at=None)
        )
        return result.rowcount

    async def forget(self, connection: AsyncConnection, *, older_than: timedelta) -> int:
        """Delete published records older than that; return how many."""
        table = self.tables.records
        old = and_(table.c.published_at.is_not(None), table.c.recorded_at < func.now() - older_than)
        result = await connection.execute(delete(table).where(old))
        return result.rowcount

    async def depth(self, connection: AsyncConnection) -> Depth:
        """Return how much waits to be published."""
        table = self.tables.records
        fresh = func.min(table.c.recorded_at).filter(table.c.cluster_id.is_(None))
        age = func.extract("epoch", func.now() - fresh)
        row = (
            await connection.execute(
                select(func.count(), age).where(table.c.published_at.is_(None))
            )
        ).one()
        return Depth(records=row[0], oldest_seconds=float(row[1] or 0.0))


def shard_of(key: bytes | None) -> int:
    """Return the shard that the records of a key are in."""
    return zlib.crc32(key or b"") % SHARDS


def flat(headers: Headers) -> list[bytes | None]:
    """Return headers as they are kept: names and values in turn."""
    return [part for name, value in headers for part in (name.encode(), value)]


def record_of(row: Any) -> OutgoingRecord:
    """Return the record of a row."""
    return OutgoingRecord(row.topic, row.key, row.value, _paired(row.headers))


def _paired(flat: Sequence[bytes | None]) -> Headers:
    return tuple(zip(map(_name, flat[::2]), flat[1::2], strict=True))


@lru_cache(maxsize=1000)
def _name(name: bytes | None) -> str:
    """Return the name of a header, of which there are few."""
    return (name or b"").decode()
