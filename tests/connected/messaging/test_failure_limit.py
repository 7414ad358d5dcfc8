# SPDX-License-Identifier: Apache-2.0
"""After a bad release a consumer stops, and the next release gets what it left."""

import pytest

from shared.errors import PermanentError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import KafkaEventBus
from shared.messaging.topics_admin import ensure_topics
from shared.settings import DeliverySettings, KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import committed, running
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


def new_bus(settings: KafkaSettings) -> KafkaEventBus:
    return KafkaEventBus(
        settings,
        service="audit",
        version="1.0",
        retry=QUICK,
        delivery=DeliverySettings(max_failed_in_a_row=3),
    )


async def test_a_bad_release_stops_and_the_next_one_handles_what_it_left(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.subscriber.FINISH_SECONDS", 0.2)
    await ensure_topics(kafka_settings)
    topics = Topics(kafka_settings.topic_prefix)
    bad, good = new_bus(kafka_settings), new_bus(kafka_settings)
    calls, handled = 0, set[int]()

    @bad.subscribe()
    async def fail(_: Event) -> None:
        nonlocal calls
        calls += 1
        raise PermanentError("a bad release")

    @good.subscribe()
    async def handle(event: Event) -> None:
        handled.add(event.sequence)

    async with running(bad):
        for _ in range(10):
            await bad.publish(an_event(MessageReceived))
        await eventually(lambda: bad.halt.reason)
        state = await bad.readiness()
        calls_then, while_stopped = calls, await committed(bad, topics.domain)
    letters = await records_of(kafka_settings, topics.dead_letters)
    async with running(good):
        await eventually(lambda: len(handled) >= 8)

    assert not state.ready
    assert "3 records in a row failed" in state.reason
    assert "restart" in state.reason
    assert calls_then == calls == 3
    assert len(letters) == 2
    assert while_stopped <= 2
    assert handled >= set(range(3, 11))
