# SPDX-License-Identifier: Apache-2.0
"""Publishes what the outbox holds: in order for each key, at least once, confirmed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from shared.database import Database
from shared.errors import TransientError
from shared.health import Readiness
from shared.ids import new_id
from shared.messaging.guard import PROBING
from shared.messaging.observer import NullObserver, Observer
from shared.messaging.records import OutgoingRecord
from shared.outbox.leases import ShardLeases
from shared.outbox.store import Depth, Outbox, Pending
from shared.outbox.tables import SHARDS
from shared.outbox.wakeup import Wakeup

logger = logging.getLogger(__name__)

BATCH = 1000
LEASE = timedelta(seconds=10)
RETENTION = timedelta(days=1)
"""How long what is published is kept."""

IDLE = timedelta(seconds=1)
"""How long to wait for a sign before looking by itself."""

UPKEEP = timedelta(seconds=2)
"""How often leases are renewed, the depth is measured, and the cluster is asked for its id."""


class Publisher(Protocol):
    """Writes records to a broker."""

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the broker has confirmed all records."""
        ...

    async def cluster_id(self) -> str:
        """Return which cluster the broker belongs to."""
        ...


class OutboxRelay:
    """Publishes the shards it has the lease of, and shares them with other relays.

    While Kafka or the database is down it waits, and goes on by itself. When it finds that the
    broker is another cluster than before (an embedded broker that was started anew), it publishes
    everything again that it still keeps, since the new cluster has none of it.
    """

    name = "outbox relay"

    def __init__(
        self,
        outbox: Outbox,
        database: Database,
        producer: Publisher,
        *,
        retention: timedelta = RETENTION,
        observer: Observer | None = None,
        on_depth: Callable[[Depth], None] = lambda _: None,
    ) -> None:
        self.outbox = outbox
        self._database = database
        self._producer = producer
        self._retention = retention
        self._observer = observer or NullObserver()
        self._on_depth = on_depth
        self._leases = ShardLeases(outbox.tables, owner=str(new_id()), lease=LEASE)
        self._wakeup = Wakeup(database, outbox.tables.channel)
        self._held: frozenset[int] = frozenset()
        self._cluster_id: str | None = None
        self._down: str | None = None
        self._upkeep_due = 0.0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """Say that a transaction with new records has committed."""
        self._wakeup.set()

    async def start(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._run(), name="outbox relay")

    async def stop(self) -> None:
        """Finish the batch in hand and give the shards back."""
        self._stopping = True
        self._wakeup.set()
        if self._task:
            await self._task
        await self._wakeup.close()
        if self._down is None:
            async with self._database.begin() as connection:
                await self._leases.release(connection)

    async def readiness(self) -> Readiness:
        """Tell whether records get out."""
        if self._task is None or self._task.done():
            return Readiness(ready=False, reason="the relay does not run")
        if self._down:
            return Readiness(ready=False, reason=f"events wait in the outbox: {self._down}")
        return Readiness(ready=True)

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                more = await self._once()
            except Exception as error:  # noqa: BLE001 -- a relay that ends publishes nothing more
                failures += 1
                self._note_down(error)
                await self._wakeup.wait(PROBING.delay(attempt=failures))
            else:
                failures, self._down = 0, None
                if not more:
                    await self._wakeup.wait(IDLE)

    def _note_down(self, error: Exception) -> None:
        if self._down is None:
            expected = isinstance(error, TransientError)
            logger.warning(
                "outbox waits", extra={"reason": str(error)}, exc_info=None if expected else error
            )
        self._down = str(error) or type(error).__name__
        self._cluster_id = None
        self._upkeep_due = 0.0

    async def _once(self) -> bool:
        """Publish what waits until upkeep is due; tell whether there was anything.

        While records are on their way, those before them are noted and those behind them are read.
        """
        await self._keep_up()
        sent, pending = list[Pending](), await self._read(BATCH, besides=[])
        while pending:
            goes_on = len(pending) == BATCH and not self._stopping
            _, _, following = await _all_of(
                self._note(sent),
                self._publish(pending),
                self._read(BATCH if goes_on else 0, besides=[*sent, *pending]),
            )
            sent, pending = pending, list[Pending]() if self._upkeep_is_due else following
        await self._note(sent)
        return bool(sent)

    async def _read(self, limit: int, *, besides: Sequence[Pending]) -> list[Pending]:
        if not limit:
            return []
        async with self._database.connect() as connection:
            return await self.outbox.pending(
                connection, self._held, limit=limit, besides=[each.position for each in besides]
            )

    async def _note(self, sent: Sequence[Pending]) -> None:
        if not sent:
            return
        async with self._database.begin() as connection:
            await self.outbox.published(
                connection,
                [each.position for each in sent],
                cluster_id=self._cluster_id or "",
            )

    async def _publish(self, pending: list[Pending]) -> None:
        with ExitStack() as spans:
            records: list[OutgoingRecord] = []
            for each in pending:
                record = each.record
                headers = spans.enter_context(self._observer.sending(record))
                unchanged = headers is record.headers
                records.append(record if unchanged else replace(record, headers=headers))
            await self._producer.write_all(records)

    @property
    def _upkeep_is_due(self) -> bool:
        return asyncio.get_running_loop().time() >= self._upkeep_due

    async def _keep_up(self) -> None:
        if not self._upkeep_is_due:
            return
        began = asyncio.get_running_loop().time()
        await self._wakeup.listen()
        await self._measure()
        cluster_id = await self._producer.cluster_id()  # another one also where nothing failed
        async with self._database.begin() as connection:
            held = await self._leases.renew(connection)
            gained = held if cluster_id != self._cluster_id else held - self._held
            if gained:
                replayed = await self.outbox.replay(connection, gained, cluster_id=cluster_id)
                if replayed:
                    logger.warning("publishing again", extra={"records": replayed})
            await self.outbox.forget(connection, older_than=self._retention)
        self._held, self._cluster_id = held, cluster_id
        self.outbox.announces = len(held) < SHARDS
        self._upkeep_due = began + UPKEEP.total_seconds()

    async def _measure(self) -> None:
        """Tell what waits before Kafka is asked anything: most waits while it does not answer."""
        async with self._database.connect() as connection:
            self._on_depth(await self.outbox.depth(connection))


async def _all_of(*work: Awaitable[Any]) -> list[Any]:
    """Return the results of all of ``work``; raise what failed, but only when all has ended."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException):
            raise each
    return results
