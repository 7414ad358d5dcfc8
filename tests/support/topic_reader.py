# SPDX-License-Identifier: Apache-2.0
"""Reads a topic from its beginning with a plain client, outside of any group."""

from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.messaging import Record
from shared.messaging.kafka_client import connection_arguments
from shared.settings import KafkaSettings


async def records_of(settings: KafkaSettings, topic: str) -> list[ConsumerRecord[Any, Any]]:
    """Return every record that is on ``topic`` now, partition by partition."""
    consumer: Any = AIOKafkaConsumer(
        **connection_arguments(settings),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord[Any, Any]] = []
        while [each for each in partitions if await consumer.position(each) < ends[each]]:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found.extend(records)
        return found
    finally:
        await consumer.stop()


def received(record: ConsumerRecord[Any, Any]) -> Record:
    """Return a record as our own code has it."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )
