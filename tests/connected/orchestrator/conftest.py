# SPDX-License-Identifier: Apache-2.0
"""One running orchestrator for all tests of a module: joining a consumer group takes a while.

Each test works on sessions of its own.
"""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase, migrated_database_of
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.shared_servers import SharedServers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(servers: SharedServers) -> AsyncGenerator[MigratedDatabase]:
    async with migrated_database_of(servers) as database:
        yield database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(servers: SharedServers) -> AsyncGenerator[KafkaSettings]:
    async with topics_of_our_own(servers) as settings:
        yield settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchestrator(
    kafka: KafkaSettings,
    database: MigratedDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[RunningOrchestrator]:
    workspaces = tmp_path_factory.mktemp("workspaces")
    async with running_orchestrator(database.url("orchestrator"), kafka, workspaces) as running:
        yield running
