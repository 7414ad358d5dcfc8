# SPDX-License-Identifier: Apache-2.0
"""Appending events, beside the library ``eventsourcing`` on the same PostgreSQL.

Both turn event objects into bytes and store them under optimistic concurrency, with the durability
that the server is set to.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent

from services.persistence.tables import stored
from shared.database import Database
from shared.events import MessageReceived
from shared.eventstore import PostgresEventStore
from shared.ids import new_id
from tests.performance.bench import Bench, best_of_each
from tests.performance.line import Line

TEXT = "please look into the failing build and say what is wrong with it " * 3
ALONE = 300
AT_ONCE = 16
EACH = 40
BATCH = 500
BATCHES = 6


@dataclass(frozen=True)
class Said(DomainEvent):
    """What the library stores in place of ``MessageReceived``."""

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    content: str
    length: int
    turn: str


async def append(bench: Bench) -> Sequence[Line]:
    """Measure one event for each commit, alone and by many at once, and batches."""
    async with bench.migrated() as database, bench.pool(database, "persistence") as pool:
        peer = _Peer(database.admin_url)
        ours = _Ours(pool)
        try:
            return [
                await _compare("one event for each commit", ALONE, ours.alone, peer.alone, 3),
                await _compare(
                    f"the same, {AT_ONCE} writers at once",
                    AT_ONCE * EACH,
                    ours.at_once,
                    peer.at_once,
                    None,
                ),
                await _compare(
                    f"{BATCH} events for each commit",
                    BATCH * BATCHES,
                    ours.batches,
                    peer.batches,
                    10,
                ),
            ]
        finally:
            peer.close()


async def _compare(what, events, ours, peer, bar) -> Line:
    await asyncio.gather(ours())
    own, other = await best_of_each(ours, peer)
    return Line.of_rates(
        f"append, {what}",
        ours=events / own,
        peer_name="eventsourcing",
        peer=events / other,
        bar=bar,
    )


class _Ours:
    def __init__(self, pool: Database) -> None:
        self._store = PostgresEventStore(pool, stored)

    async def alone(self, events: int = ALONE) -> None:
        session = str(new_id())
        for number in range(events):
            await self._store.append(_said(session), expected_version=number)

    async def at_once(self) -> None:
        await asyncio.gather(*(self.alone(EACH) for _ in range(AT_ONCE)))

    async def batches(self) -> None:
        session = str(new_id())
        for number in range(BATCHES):
            batch = [_said(session) for _ in range(BATCH)]
            await self._store.append(batch, expected_version=number * BATCH)


class _Peer:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._application: Application[UUID] = Application(
            env={
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": parts.path.lstrip("/"),
                "POSTGRES_HOST": parts.hostname or "",
                "POSTGRES_PORT": str(parts.port),
                "POSTGRES_USER": parts.username or "",
                "POSTGRES_PASSWORD": parts.password or "",
                "POSTGRES_POOL_SIZE": str(AT_ONCE),
            }
        )
        self._threads = ThreadPoolExecutor(AT_ONCE)

    async def alone(self) -> None:
        await asyncio.to_thread(self._alone, ALONE)

    async def at_once(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._threads, self._alone, EACH) for _ in range(AT_ONCE))
        )

    async def batches(self) -> None:
        await asyncio.to_thread(self._batches)

    def _alone(self, events: int) -> None:
        session = new_id()
        for number in range(events):
            self._application.events.put([_said_there(session, number + 1)])

    def _batches(self) -> None:
        session = new_id()
        for batch in range(BATCHES):
            first = batch * BATCH + 1
            self._application.events.put(
                [_said_there(session, first + number) for number in range(BATCH)]
            )

    def close(self) -> None:
        self._threads.shutdown()
        self._application.close()


def _said(session_id: str) -> MessageReceived:
    return MessageReceived(
        session_id=session_id,
        message_content=TEXT,
        message_length=len(TEXT),
        turn_id="turn-1",
        source="/bench",
    )


def _said_there(session: UUID, version: int) -> Said:
    return Said(session, version, datetime.now(UTC), TEXT, len(TEXT), "turn-1")  # noqa: TID251
