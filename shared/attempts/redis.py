# SPDX-License-Identifier: Apache-2.0
"""What consumers have in hand, in Redis."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from redis.asyncio import Redis

from shared.cache import redis_errors
from shared.messaging.in_hand import InHand, Place


class RedisInHand:
    """Keeps what is in hand in one hash of a service; a Redis that is emptied forgets it."""

    def __init__(self, redis: Redis, *, service: str) -> None:
        self._redis: Any = redis
        self._key = f"in-hand:{service}"

    async def load(self, places: Collection[Place]) -> Mapping[Place, InHand]:
        """Return what was saved last of those places.

        Raises:
            DependencyDownError: Redis does not answer.
        """
        wanted = list(places)
        async with redis_errors():
            found = await self._redis.hmget(self._key, [_field(place) for place in wanted])
        return {
            place: InHand(**json.loads(value))
            for place, value in zip(wanted, found, strict=True)
            if value is not None
        }

    async def save(self, entries: Mapping[Place, InHand]) -> None:
        """Replace what is kept of those places.

        Raises:
            DependencyDownError: Redis does not answer.
        """
        if not entries:
            return
        values = {_field(place): _value(entry) for place, entry in entries.items()}
        async with redis_errors():
            await self._redis.hset(self._key, mapping=values)


def _field(place: Place) -> str:
    topic, partition = place
    return f"{topic}/{partition}"


def _value(entry: InHand) -> str:
    return json.dumps(
        {
            "position": entry.position,
            "begun": entry.begun,
            "alone": entry.alone,
            "failed": dict(entry.failed),
        }
    )
