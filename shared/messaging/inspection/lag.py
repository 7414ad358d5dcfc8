# SPDX-License-Identifier: Apache-2.0
"""How far the group of a service has come, asked of the broker without being a member."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from shared.errors import DependencyDownError
from shared.messaging.inspection.consumer import (
    MEASURING,
    POLL_MS,
    Extent,
    extents,
    onlooker,
    partitions_of,
)
from shared.messaging.kafka_client import NAME
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLag:
    """Where a group is in a partition.

    ``committed`` is the next offset it will read, None if it never committed one: then it begins at
    the first. ``waiting_since`` is the time of the oldest record that it has not read, in
    milliseconds since 1970.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    records: int
    waiting_since: int | None = None


async def group_lag(
    settings: KafkaSettings, group: str, topics: Sequence[str]
) -> list[PartitionLag]:
    """Return where ``group`` is in each partition of ``topics``.

    Raises:
        DependencyDownError: the broker cannot be reached.
        ConfigurationError: a topic is missing.
    """
    partitions = await partitions_of(settings, topics)
    async with onlooker(settings, group=group) as consumer:
        found = await extents(consumer, partitions)
        committed = {each: await consumer.committed(each) for each in partitions}
        next_offsets = {
            each: max(committed[each] or 0, extent.first) for each, extent in found.items()
        }
        waiting = await _oldest_unread(consumer, next_offsets, found)
    return [
        PartitionLag(
            topic=each.topic,
            partition=each.partition,
            committed=committed[each],
            end=extent.end,
            records=max(0, extent.end - next_offsets[each]),
            waiting_since=waiting.get(each),
        )
        for each, extent in found.items()
    ]


async def _oldest_unread(
    consumer: Any,
    next_offsets: Mapping[TopicPartition, int],
    found: Mapping[TopicPartition, Extent],
) -> dict[TopicPartition, int]:
    """Return the time of the next record of each partition that has one."""
    behind = {each: next_ for each, next_ in next_offsets.items() if next_ < found[each].end}
    times: dict[TopicPartition, int] = {}
    consumer.assign(list(behind))
    for partition, offset in behind.items():
        consumer.seek(partition, offset)
    try:
        async with asyncio.timeout(MEASURING.total_seconds()):
            while len(times) < len(behind):
                fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=len(behind))
                for partition, records in fetched.items():
                    times.setdefault(partition, records[0].timestamp)
                    consumer.pause(partition)
    except TimeoutError as error:
        raise DependencyDownError(NAME, "the records that are there do not come") from error
    return times
