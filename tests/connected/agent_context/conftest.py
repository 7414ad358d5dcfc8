# SPDX-License-Identifier: Apache-2.0
"""Contexts in a real Redis."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.agent_context.store import GENERATION, ContextStore
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
async def store(redis: Any) -> ContextStore:
    """An empty store that is complete."""
    await redis.set(GENERATION, "1")
    return ContextStore(
        redis,
        Tracing.off(),
        ended_retention=timedelta(hours=1),
        early_retention=timedelta(days=1),
    )
