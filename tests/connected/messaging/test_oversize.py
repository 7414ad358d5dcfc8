# SPDX-License-Identifier: Apache-2.0
"""A record that is too large for the dead letter queue is dealt with, and the consumer moves on."""

import pytest

from shared.errors import RecordTooLargeError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import KafkaEventBus, OutgoingRecord, headers as names
from shared.messaging.headers import readable
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import running
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected

LARGE = b"x" * 1_500_000


async def test_a_letter_that_the_client_refuses_is_written_without_its_value(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_topics(kafka_settings)
    topics = Topics(kafka_settings.topic_prefix)
    foreign = KafkaProducer(kafka_settings, client_id="foreign")
    await foreign.start()
    monkeypatch.setattr("shared.messaging.producer_connection.MAX_REQUEST_BYTES", 1_000_000)
    bus = KafkaEventBus(kafka_settings, service="audit", version="1", retry=QUICK)
    handled: list[Event] = []

    @bus.subscribe()
    async def handle(event: Event) -> None:
        handled.append(event)

    async with running(bus):
        await foreign.write(OutgoingRecord(topics.domain, b"k", LARGE, (("a", b"\xff"),)))
        await bus.publish(an_event(MessageReceived))
        await eventually(lambda: bus.get_stats().consumed == 2, timeout=20)
        with pytest.raises(RecordTooLargeError):
            await bus.producer.write(OutgoingRecord(topics.domain, b"k", LARGE, ()))
    await foreign.stop()
    (letter,) = await records_of(kafka_settings, topics.dead_letters)

    headers = readable(letter.headers)
    assert len(handled) == 1
    assert (letter.key, letter.value) == (b"k", None)
    assert letter.headers[0] == ("a", b"\xff")
    assert headers[names.ERROR_KIND] == "oversize"
    assert headers[names.CLAIM_CHECK].startswith(f"{topics.domain}/")
    assert headers[names.CLAIMED_VALUE_BYTES] == str(len(LARGE))
