# SPDX-License-Identifier: Apache-2.0
"""Reads topics again from their beginning, without anybody noticing.

The consumer belongs to no group and commits nothing, so the position of the live group stays where
it is. Nothing is published; what a replay may do is to fill a store again.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.errors import DependencyDownError, PermanentError
from shared.messaging.codec import deliver
from shared.messaging.kafka_client import NAME, connection_arguments, kafka_errors
from shared.messaging.records import Delivery, Record
from shared.messaging.sink import Sink
from shared.messaging.topics_admin import check_topics
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

POLL_MS = 50
STALLED_POLLS = 600
"""So many polls in a row without a record, while there are some: the broker does not answer."""

Wanted = Callable[[Record], bool]


async def read_topics(
    settings: KafkaSettings, topics: Sequence[str], *, until_end: bool = True
) -> AsyncGenerator[Record]:
    """Give every record of ``topics``, in order for each partition.

    With ``until_end``, end where the topics ended when the reading began.

    Raises:
        DependencyDownError: the broker cannot be reached, or stopped answering.
        ConfigurationError: a topic is missing.
    """
    async with aclosing(read_batches(settings, topics, until_end=until_end)) as batches:
        async for batch in batches:
            for record in batch:
                yield record


async def read_batches(
    settings: KafkaSettings, topics: Sequence[str], *, until_end: bool = True
) -> AsyncGenerator[list[Record]]:
    """Give the same as ``read_topics``, in the portions in which it comes from the broker."""
    await check_topics(settings, list(topics))
    async with _consumer(settings, topics) as consumer:
        ends: dict[TopicPartition, int] = {}
        idle = 0
        while not (until_end and await _is_at_end(consumer, ends)):
            fetched = await consumer.getmany(
                timeout_ms=POLL_MS, max_records=settings.batch_max_records
            )
            _note_ends(consumer, ends)
            batch = [Record.of(each) for some in fetched.values() for each in some]
            if until_end:
                batch = [record for record in batch if record.offset < _end(ends, record)]
            idle = 0 if fetched else idle + 1
            if until_end and idle >= STALLED_POLLS:
                raise DependencyDownError(NAME, "the records of a replay do not come")
            if batch:
                yield sorted(batch, key=lambda record: record.timestamp)


async def replay(
    settings: KafkaSettings, topics: Sequence[str], sink: Sink, *, wanted: Wanted | None = None
) -> int:
    """Have ``sink`` apply every event in ``topics`` that is ``wanted``; return how many there were.

    What holds no event, or cannot be applied, is left out: it is a dead letter of the live group.

    Raises:
        TransientError: the sink cannot go on; what it has applied until then stays applied.
    """
    count = 0
    async with aclosing(read_batches(settings, topics)) as batches:
        async for batch in batches:
            chosen = [record for record in batch if wanted is None or wanted(record)]
            deliveries = [deliver(record, max_bytes=settings.max_record_bytes) for record in chosen]
            events = [delivery for delivery in deliveries if delivery.event]
            await _apply(sink, events)
            count += len(events)
    return count


async def _apply(sink: Sink, deliveries: list[Delivery]) -> None:
    try:
        await sink.apply(deliveries)
    except PermanentError:
        for delivery in deliveries:
            try:
                await sink.apply([delivery])
            except PermanentError as error:
                logger.warning(
                    "left out of the replay",
                    extra={"record": str(delivery.record), "error": str(error)},
                )


@asynccontextmanager
async def _consumer(settings: KafkaSettings, topics: Sequence[str]) -> AsyncGenerator[Any]:
    consumer = AIOKafkaConsumer(
        *topics,
        **connection_arguments(settings),
        client_id="agent-runtime.replay",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=int(settings.fetch_max_wait.total_seconds() * 1000),
    )
    async with kafka_errors(settings):
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()


def _note_ends(consumer: Any, ends: dict[TopicPartition, int]) -> None:
    """Note where each partition ended when it was first fetched from.

    Brokers also answer to being asked for the end, but not all of them correctly.
    """
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None:
            ends.setdefault(partition, end)


async def _is_at_end(consumer: Any, ends: dict[TopicPartition, int]) -> bool:
    if len(ends) < len(consumer.assignment()):
        return False
    return all([await consumer.position(each) >= end for each, end in ends.items()])


def _end(ends: dict[TopicPartition, int], record: Record) -> int:
    return ends.get(TopicPartition(record.topic, record.partition), 0)
