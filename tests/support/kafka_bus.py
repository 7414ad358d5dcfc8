# SPDX-License-Identifier: Apache-2.0
"""A running bus over Kafka, for tests."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from shared.messaging import KafkaEventBus
from tests.support.eventually import eventually

JOIN_SECONDS = 60
"""A broker gives a group that was just left time to come back."""


@asynccontextmanager
async def running(bus: KafkaEventBus) -> AsyncGenerator[KafkaEventBus]:
    """Give the bus when its group has given it its partitions; stop it afterwards."""
    await bus.start()
    try:
        await eventually(lambda: bus.subscriber.joined, timeout=JOIN_SECONDS)
        yield bus
    finally:
        await bus.stop()


async def committed(bus: KafkaEventBus, topic: str) -> int:
    """Return how many records of ``topic`` the group has committed, over all partitions."""
    partitions = [each for each in bus.subscriber.consumer.assignment() if each.topic == topic]
    return sum([await _committed(bus, each) for each in partitions])


async def _committed(bus: KafkaEventBus, partition: TopicPartition) -> int:
    return await bus.subscriber.consumer.committed(partition) or 0
