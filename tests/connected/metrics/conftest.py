# SPDX-License-Identifier: Apache-2.0
"""The figures in a real Redis."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.metrics.batch import PREFIX
from services.metrics.store import MetricsStore
from shared.cache import Cache
from shared.settings import RedisSettings
from shared.telemetry import Tracing


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Any]:
    """A client of an empty database."""
    cache = Cache(RedisSettings(url=SecretStr(redis_url)))
    yield cache.redis
    await cache.stop()


@pytest.fixture
async def store(redis: Any) -> MetricsStore:
    """An empty store that is complete."""
    await redis.set(f"{PREFIX}generation", "1")
    return MetricsStore(redis, Tracing.off(), retention=timedelta(days=1), max_label_values=100)
