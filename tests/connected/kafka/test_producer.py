# SPDX-License-Identifier: Apache-2.0
"""An idempotent producer numbers what it writes; a refused record must not spoil the numbers."""

import pytest

from shared.errors import PermanentError
from shared.events import Topics
from shared.events.topics import MAX_EVENT_RECORD_BYTES
from shared.messaging import OutgoingRecord
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


async def test_after_a_record_that_the_broker_refused_the_next_ones_are_taken(
    kafka_settings: KafkaSettings,
) -> None:
    await ensure_topics(kafka_settings)
    topic = Topics(kafka_settings.topic_prefix).domain
    producer = KafkaProducer(kafka_settings, client_id="test")
    await producer.start()
    await producer.write(OutgoingRecord(topic, b"k", b"before", ()))

    with pytest.raises(PermanentError, match="refused the record"):
        await producer.write(OutgoingRecord(topic, b"k", b"x" * (MAX_EVENT_RECORD_BYTES + 1), ()))
    await producer.write(OutgoingRecord(topic, b"k", b"after", ()))
    await producer.stop()

    values = [record.value for record in await records_of(kafka_settings, topic)]
    assert values == [b"before", b"after"]
