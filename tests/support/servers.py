# SPDX-License-Identifier: Apache-2.0
"""Fixtures for tests against real servers; each test has a database and topics of its own.

The servers come from pip wheels and are shared by all processes of the session. With
``AGENT_RUNTIME_TEST_KAFKA`` set, that broker is used instead of the embedded one.
"""

from collections.abc import AsyncGenerator, Generator

import pytest

from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase, empty_database, migrated_database_of
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.redis_client import redis_client
from tests.support.server_holder import REDIS_DATABASES
from tests.support.shared_servers import SharedServers, shared_servers


@pytest.fixture(scope="session")
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[SharedServers]:
    """A Kafka broker, PostgreSQL and Valkey, started when the first test needs them."""
    base = tmp_path_factory.getbasetemp()
    session = base.parent if hasattr(request.config, "workerinput") else base
    with shared_servers(session / "servers") as found:
        yield found


@pytest.fixture
async def database_url(servers: SharedServers) -> AsyncGenerator[str]:
    """The address of an empty database, for the superuser."""
    async with empty_database(servers) as url:
        yield url


@pytest.fixture
async def migrated_database(servers: SharedServers) -> AsyncGenerator[MigratedDatabase]:
    """A database with every schema; ``url(role)`` is the address for a service."""
    async with migrated_database_of(servers) as database:
        yield database


@pytest.fixture
async def kafka_settings(servers: SharedServers) -> AsyncGenerator[KafkaSettings]:
    """A broker with topics of our own, none of which exists yet."""
    async with topics_of_our_own(servers) as settings:
        yield settings


@pytest.fixture
async def redis_url(servers: SharedServers) -> AsyncGenerator[str]:
    """The address of an empty Redis database that no other test uses now."""
    async with redis_client(servers.redis_url) as counter:
        number = 1 + (await counter.incr("databases")) % (REDIS_DATABASES - 1)
    url = f"{servers.redis_url.rpartition('/')[0]}/{number}"
    async with redis_client(url) as redis:
        await redis.flushdb()
        yield url
        await redis.flushdb()
