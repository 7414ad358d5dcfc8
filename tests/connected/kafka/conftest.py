# SPDX-License-Identifier: Apache-2.0
"""What only Apache Kafka does or a broker of our own can show; run by ``make test-kafka``."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.kafka.broker import ApacheKafka, plain_kafka, running_kafka
from tests.support.kafka.topics_of_test import SessionSettings


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave these tests out of a session that runs on the embedded broker."""
    return True if SessionSettings().kafka is None else None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ApacheKafka]:
    """A broker of our own, which a test may stop and start."""
    async with running_kafka(await plain_kafka(tmp_path_factory.mktemp("kafka") / "node")) as it:
        yield it
