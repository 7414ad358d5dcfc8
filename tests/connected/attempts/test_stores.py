# SPDX-License-Identifier: Apache-2.0
"""What every store of what is in hand promises, on PostgreSQL and on Redis."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator

import pytest
from pydantic import SecretStr

from shared.attempts import PostgresInHand, RedisInHand
from shared.cache import Cache
from shared.database import Database
from shared.messaging.in_hand import InHand, InHandStore
from shared.settings import DatabaseSettings, RedisSettings
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected

ONE = InHand(position=2**40, begun=2, alone=1, failed={f"{2**40 + 1}/0": 2})
TWO = InHand(position=7)


class InHandStoreContract(ABC):
    @pytest.fixture
    @abstractmethod
    def store(self) -> InHandStore: ...

    async def test_what_was_saved_is_loaded_and_nothing_else(self, store: InHandStore) -> None:
        await store.save({("domain", 1): ONE, ("domain", 0): TWO, ("other", 1): TWO})

        loaded = await store.load([("domain", 0), ("domain", 1), ("domain", 2)])

        assert dict(loaded) == {("domain", 1): ONE, ("domain", 0): TWO}

    async def test_what_is_saved_later_replaces_it(self, store: InHandStore) -> None:
        await store.save({("domain", 1): ONE})
        await store.save({("domain", 1): TWO})

        assert dict(await store.load([("domain", 1)])) == {("domain", 1): TWO}

    async def test_nothing_can_be_saved(self, store: InHandStore) -> None:
        await store.save({})


@pytest.mark.parametrize("service", ["audit", "persistence", "orchestrator", "dead_letters"])
class TestPostgresInHand(InHandStoreContract):
    @pytest.fixture
    async def store(
        self, migrated_database: MigratedDatabase, service: str
    ) -> AsyncGenerator[InHandStore]:
        url = SecretStr(migrated_database.url(service))
        database = Database(DatabaseSettings(url=url))
        yield PostgresInHand(database, schema=service)
        await database.stop()


class TestRedisInHand(InHandStoreContract):
    @pytest.fixture
    async def store(self, redis_url: str) -> AsyncGenerator[InHandStore]:
        cache = Cache(RedisSettings(url=SecretStr(redis_url)))
        yield RedisInHand(cache.redis, service="metrics")
        await cache.stop()
