# SPDX-License-Identifier: Apache-2.0
"""What a row is given: servers, and a way to measure two that take turns."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import perf_counter

from deploy.embedded.sql import connected
from shared.database import Database
from shared.settings import DatabaseSettings, KafkaSettings
from tests.support.databases import MigratedDatabase, empty_database, migrated_database_of
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.shared_servers import SharedServers

ROUNDS = 3

Work = Callable[[], Awaitable[object]]


class Bench:
    """The servers that ours and the peers are measured on."""

    def __init__(self, servers: SharedServers) -> None:
        self.servers = servers

    def migrated(self) -> AbstractAsyncContextManager[MigratedDatabase]:
        """Give a database with every schema."""
        return migrated_database_of(self.servers)

    def empty(self) -> AbstractAsyncContextManager[str]:
        """Give the address of an empty database, for its superuser."""
        return empty_database(self.servers)

    def topics(self) -> AbstractAsyncContextManager[KafkaSettings]:
        """Give a broker with topics of our own."""
        return topics_of_our_own(self.servers)

    async def settled(self, url: str) -> None:
        """Have a database know how much is in it, as it does a minute after it was written."""
        async with connected(url) as connection:
            await connection.execute("ANALYZE")

    @asynccontextmanager
    async def pool(self, database: MigratedDatabase, role: str) -> AsyncGenerator[Database]:
        """Give a database as a service sees it."""
        pool = Database(DatabaseSettings.model_validate({"url": database.url(role)}))
        try:
            yield pool
        finally:
            await pool.stop()


async def seconds(work: Work) -> float:
    """Return how long ``work`` takes."""
    before = perf_counter()
    await work()
    return perf_counter() - before


async def best_of_each(ours: Work, peer: Work, *, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the shortest time of each, while they take turns, so that both meet the same noise."""
    times = [(await seconds(ours), await seconds(peer)) for _ in range(rounds)]
    return min(own for own, _ in times), min(other for _, other in times)
