# SPDX-License-Identifier: Apache-2.0
import pytest

from shared.events import Topics
from shared.messaging import OutgoingRecord
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


async def test_many_records_are_written_in_order_for_each_key(
    kafka_settings: KafkaSettings,
) -> None:
    """Safeguard: a full batch is handed over before the next one of its partition is begun."""
    await ensure_topics(kafka_settings)
    topic = Topics(kafka_settings.topic_prefix).domain
    producer = KafkaProducer(kafka_settings, client_id="test")
    await producer.start()
    written = [
        OutgoingRecord(topic, b"key-%d" % (number % 3), b"%d " % number + b"x" * 90_000, ())
        for number in range(24)
    ]

    await producer.write_all(written)
    await producer.stop()

    found = await records_of(kafka_settings, topic)
    for key in (b"key-0", b"key-1", b"key-2"):
        expected = [each.value for each in written if each.key == key]
        assert [each.value for each in found if each.key == key] == expected
