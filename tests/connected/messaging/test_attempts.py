# SPDX-License-Identifier: Apache-2.0
"""Attempts are counted over restarts."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from shared.attempts import RedisInHand
from shared.cache import Cache
from shared.errors import TransientError
from shared.events import Event, MessageReceived
from shared.messaging import KafkaEventBus, headers as names
from shared.messaging.headers import readable
from shared.messaging.topics_admin import ensure_topics
from shared.retry import RetryPolicy
from shared.settings import KafkaSettings, RedisSettings
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import running
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


async def test_a_process_that_ends_between_two_attempts_leaves_the_next_one_to_the_next_process(
    kafka_settings: KafkaSettings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: the attempts that are saved before the pause between two of them."""
    monkeypatch.setattr("shared.messaging.subscriber.FINISH_SECONDS", 0.2)
    await ensure_topics(kafka_settings)
    cache, calls = Cache(RedisSettings(url=SecretStr(redis_url))), 0

    def new_bus(pause: timedelta) -> KafkaEventBus:
        policy = RetryPolicy(initial_delay=pause, max_delay=pause, max_attempts=3)
        store = RedisInHand(cache.redis, service="audit")
        bus = KafkaEventBus(
            kafka_settings, service="audit", version="1.0", retry=policy, in_hand=store
        )
        bus.subscribe(handler=fail)
        return bus

    async def fail(_: Event) -> None:
        nonlocal calls
        calls += 1
        raise TransientError("busy")

    async with running(new_bus(timedelta(hours=1))) as first:
        await first.publish(an_event(MessageReceived))
        await eventually(lambda: first.get_stats().retried == 1)
    async with running(new_bus(timedelta(milliseconds=1))) as second:
        await eventually(lambda: second.get_stats().dead_lettered == 1)
    (letter,) = await records_of(kafka_settings, second.topics.dead_letters)
    await cache.stop()

    assert calls == 3
    assert readable(letter.headers)[names.DELIVERY_COUNT] == "3"
