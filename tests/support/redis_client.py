# SPDX-License-Identifier: Apache-2.0
"""A Redis client for tests."""

from typing import Any

from redis.asyncio import Redis


def redis_client(url: str) -> Any:
    """Return a client, to be used in ``async with``; its methods have no complete types."""
    client: Any = Redis
    return client.from_url(url)
