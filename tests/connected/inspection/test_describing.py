# SPDX-License-Identifier: Apache-2.0
"""What the broker says of topics and groups, without becoming part of any."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.events import Topics
from shared.messaging import Delivery, KafkaEventBus, OutgoingRecord
from shared.messaging.inspection.describing import describe, topic_names
from shared.messaging.inspection.lag import group_lag
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.kafka_bus import committed, running
from tests.support.running_service import send_records

pytestmark = pytest.mark.connected


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> KafkaSettings:
    await ensure_topics(kafka_settings)
    return kafka_settings


class Everything:
    """A sink that is content with whatever comes."""

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Do nothing."""


async def test_a_topic_is_described_with_the_true_end_of_each_partition(
    kafka: KafkaSettings,
) -> None:
    """Safeguard: the end comes from a fetch; asked for it, the embedded broker is wrong."""
    topic = Topics(kafka.topic_prefix).domain
    value = OutgoingRecord(topic, b"k", b"{}", (), partition=2)
    await send_records(kafka, [value] * 20 + [replace(value, partition=0)])

    (description,) = await describe(kafka, [topic])

    assert topic in await topic_names(kafka)
    assert [each.partition for each in description.partitions] == list(range(kafka.partitions))
    assert [each.extent.length for each in description.partitions][:3] == [1, 0, 20]
    assert description.length == 21
    assert description.replication_factor >= 1
    assert all(each.leader in each.replicas for each in description.partitions)


async def test_the_lag_of_a_group_is_what_it_has_not_committed(kafka: KafkaSettings) -> None:
    topic = Topics(kafka.topic_prefix).domain
    group = f"{kafka.topic_prefix}.audit"
    value = OutgoingRecord(topic, b"k", b"{}", (), partition=1)
    await send_records(kafka, [value] * 3)
    before = {each.partition: each for each in await group_lag(kafka, group, [topic])}
    bus = KafkaEventBus(kafka, service="audit", version="1.0", topics=[topic])
    bus.subscribe_sink(Everything())
    async with running(bus):
        await eventually(lambda: _has_committed(bus, topic, 3), timeout=60)
        during = {each.partition: each for each in await group_lag(kafka, group, [topic])}
        members = bus.subscriber.consumer.assignment()
    await send_records(kafka, [value] * 2)

    after = {each.partition: each for each in await group_lag(kafka, group, [topic])}

    assert (before[1].committed, before[1].records) == (None, 3)
    assert before[1].waiting_since is not None
    assert (during[1].committed, during[1].records, during[1].waiting_since) == (3, 0, None)
    assert len(members) == kafka.partitions, "looking at a group must not make it share"
    assert (after[1].committed, after[1].end, after[1].records) == (3, 5, 2)
    assert after[0].records == 0


async def _has_committed(bus: KafkaEventBus, topic: str, count: int) -> bool:
    return await committed(bus, topic) >= count
