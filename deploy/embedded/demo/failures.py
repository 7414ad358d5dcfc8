# SPDX-License-Identifier: Apache-2.0
"""Two failures: bytes that are no event, and an event whose handler fails until it is redriven."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.demo.services import Services
from deploy.embedded.demo.waiting import until
from shared.events import Topics
from shared.messaging import OutgoingRecord
from shared.messaging.producer import KafkaProducer
from shared.settings import KafkaSettings

POISON = b"\xffnot an event"
OPERATOR = "olga"


async def send_poison(addresses: StackAddresses, key: str, value: bytes = POISON) -> None:
    """Put bytes on the topic of domain events that no consumer can read."""
    settings = KafkaSettings(
        bootstrap_servers=addresses.kafka_bootstrap_servers,
        topic_prefix=addresses.kafka_topic_prefix,
        enable_idempotence=False,
    )
    producer = KafkaProducer(settings, client_id="demo")
    await producer.start()
    try:
        topic = Topics(settings.topic_prefix).domain
        headers = (("who", b"\xff"), ("nothing", None))
        await producer.write(OutgoingRecord(topic, key.encode(), value, headers))
    finally:
        await producer.stop()


async def dead_letters(services: Services, **filters: Any) -> list[dict[str, Any]]:
    """Return the dead letters that match the filters."""
    page = await services.get("dead_letters", "/v1/dead-letters", **filters)
    letters: list[dict[str, Any]] = page["items"]
    return letters


async def poison_letters(
    services: Services, *, consumers: int, since: datetime
) -> list[dict[str, Any]]:
    """Return the letters that the poison became, one from each service that reads events."""

    async def look() -> list[dict[str, Any]] | None:
        letters = await dead_letters(services, kind="poison", since=since.isoformat())
        return letters if len(letters) >= consumers else None

    return await until(f"{consumers} dead letters of the poison", look)


def client_of(addresses: StackAddresses) -> Any:
    """Return a Redis client; its methods have no complete types."""
    client: Any = Redis
    return client.from_url(addresses.redis_url, decode_responses=True)


@asynccontextmanager
async def broken_context(addresses: StackAddresses, key: str) -> AsyncGenerator[None]:
    """Put something else where a service keeps its state, and put the state back at the end.

    The handler of the next event then fails, as it would after a bad manual change.
    """
    redis = client_of(addresses)
    try:
        await redis.rename(key, f"{key}:kept")
        try:
            await redis.rpush(key, "this is no context")
            yield
        finally:
            await redis.rename(f"{key}:kept", key)
    finally:
        await redis.aclose()


async def redrive(services: Services, letter: dict[str, Any]) -> None:
    """Send a dead letter back to the service that failed."""
    await services.post(
        "dead_letters",
        f"/v1/dead-letters/{letter['id']}/redrive",
        {"operator": OPERATOR, "reason": "the state of the session is repaired"},
    )
