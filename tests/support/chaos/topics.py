# SPDX-License-Identifier: Apache-2.0
"""What is on the topics, and how far each consumer group is, seen by a plain client."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.kafka_client import connection_arguments
from shared.messaging.records import Record
from shared.messaging.replay import read_topics
from shared.settings import KafkaSettings


async def all_records(kafka: KafkaSettings, topics: Sequence[str]) -> list[Record]:
    """Return every record that is on the topics now."""
    return [record async for record in read_topics(kafka, topics)]


def ends_of(records: Iterable[Record]) -> Mapping[tuple[str, int], int]:
    """Return where each partition that has records ends."""
    ends: dict[tuple[str, int], int] = defaultdict(int)
    for record in records:
        place = record.topic, record.partition
        ends[place] = max(ends[place], record.offset + 1)
    return ends


async def lag(
    kafka: KafkaSettings, service: str, ends: Mapping[tuple[str, int], int]
) -> Mapping[tuple[str, int], int]:
    """Return, for the partitions that the group of a service has not finished, what is left."""
    consumer: Any = AIOKafkaConsumer(
        **connection_arguments(kafka),
        group_id=f"{kafka.topic_prefix}.{service}",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*place) for place in ends])
        left = {
            place: end - (await consumer.committed(TopicPartition(*place)) or 0)
            for place, end in ends.items()
        }
        return {place: records for place, records in left.items() if records}
    finally:
        await consumer.stop()


def out_of_order(records: Iterable[Record]) -> list[str]:
    """Return a sentence for each session whose events came first in another order than theirs.

    Within a topic the sequence of a session grows; what came before may come again.
    """
    seen: dict[tuple[str, bytes], set[int]] = defaultdict(set)
    problems: list[str] = []
    for record in records:
        number = _sequence(record)
        if number is None or record.key is None:
            continue
        known = seen[record.topic, record.key]
        if number not in known and known and number < max(known):
            problems.append(f"{number} of {record.key!r} came after {max(known)}, at {record}")
        known.add(number)
    return problems


def _sequence(record: Record) -> int | None:
    values = [value for name, value in record.headers if name == "ce_sequence" and value]
    return int(values[0]) if values and values[0].isdigit() else None
