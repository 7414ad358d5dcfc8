# SPDX-License-Identifier: Apache-2.0
"""The broker of a chaos test: the embedded one, or the cluster that the session was given."""

from collections.abc import AsyncGenerator

import pytest

from shared.settings import KafkaSettings
from tests.support.kafka.topics_of_test import given_cluster


@pytest.fixture
async def kafka() -> AsyncGenerator[KafkaSettings | None]:
    """A cluster to run on in place of the embedded broker, with topics of our own."""
    async with given_cluster() as settings:
        yield settings
