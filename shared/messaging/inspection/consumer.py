# SPDX-License-Identifier: Apache-2.0
"""A consumer that nobody notices, and what it can tell of partitions."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.errors import ConfigurationError, DependencyDownError
from shared.messaging.kafka_client import NAME, connection_arguments, kafka_errors
from shared.messaging.topics_admin import admin
from shared.settings import KafkaSettings

POLL_MS = 50
LARGEST_FETCH_BYTES = 8 * 1024 * 1024
"""More than any record of ours may have, so that none of them is split over many fetches."""

MEASURING = timedelta(seconds=30)
"""How long a broker may take until each partition has told where it ends."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The offsets of a partition: from ``first`` up to, and without, ``end``."""

    first: int
    end: int

    @property
    def length(self) -> int:
        """Return how many offsets there are; a compacted topic has fewer records."""
        return self.end - self.first


@asynccontextmanager
async def onlooker(settings: KafkaSettings, *, group: str | None = None) -> AsyncGenerator[Any]:
    """Give a consumer without partitions that commits nothing.

    With ``group`` it can be asked what that group has committed; it does not become a member.

    Raises:
        DependencyDownError: the broker cannot be reached.
        ConfigurationError: the broker refuses us, or we do not trust it.
    """
    consumer = AIOKafkaConsumer(
        **connection_arguments(settings),
        client_id="agent-runtime.inspection",
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=int(settings.fetch_max_wait.total_seconds() * 1000),
        max_partition_fetch_bytes=LARGEST_FETCH_BYTES,
    )
    async with kafka_errors(settings):
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()


async def partitions_of(settings: KafkaSettings, topics: Sequence[str]) -> list[TopicPartition]:
    """Return the partitions of ``topics``, in order.

    Raises:
        ConfigurationError: one of the topics is not there.
    """
    async with admin(settings) as client:
        present = set(await client.list_topics())
        if absent := [topic for topic in topics if topic not in present]:
            raise ConfigurationError(
                f"no topic {', '.join(absent)} at {settings.bootstrap_servers}"
            )
        described: Any = await client.describe_topics(list(topics))
    return sorted(
        TopicPartition(topic["topic"], each["partition"])
        for topic in described
        for each in topic["partitions"]
    )


async def extents(
    consumer: Any, partitions: Sequence[TopicPartition]
) -> Mapping[TopicPartition, Extent]:
    """Return where each partition begins and ends; it changes which partitions are assigned.

    The end is the high watermark of a fetch: brokers also answer to being asked for the end, but
    not all of them correctly.

    Raises:
        DependencyDownError: the broker did not tell in time.
    """
    if not partitions:
        return {}
    firsts = await consumer.beginning_offsets(partitions)
    lasts = await consumer.end_offsets(partitions)
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, lasts[partition])
    try:
        async with asyncio.timeout(MEASURING.total_seconds()):
            while any(consumer.highwater(each) is None for each in partitions):
                await consumer.getmany(timeout_ms=POLL_MS)
    except TimeoutError as error:
        raise DependencyDownError(NAME, "it does not tell where partitions end") from error
    return {each: Extent(firsts[each], consumer.highwater(each)) for each in partitions}
