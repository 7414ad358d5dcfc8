# SPDX-License-Identifier: Apache-2.0
"""Reads what is on topics now, in the order of time over all partitions."""

from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from shared.errors import DependencyDownError
from shared.messaging.headers import SEQUENCE
from shared.messaging.inspection.consumer import POLL_MS, extents, onlooker, partitions_of
from shared.messaging.inspection.selection import Selection, starts
from shared.messaging.kafka_client import NAME
from shared.messaging.records import Record
from shared.settings import KafkaSettings

PORTION = 500
"""How many records are fetched at once."""

AHEAD = 1000
"""A partition with so many records in hand waits for the others."""

STALLED_POLLS = 600
"""So many polls in a row without a record, while there are some: the broker does not answer."""


async def read(settings: KafkaSettings, selection: Selection) -> AsyncGenerator[Record]:
    """Give the selected records that are there when the reading begins.

    Within a partition they come as they are; of two partitions, the older record comes first.

    Raises:
        DependencyDownError: the broker cannot be reached, or stopped answering.
        ConfigurationError: a topic or partition is missing.
    """
    chosen = selection.partitions(await partitions_of(settings, selection.topics))
    async with onlooker(settings) as consumer:
        found = await extents(consumer, chosen)
        begin = await starts(consumer, selection, found)
        ends = {each: selection.within(extent).end for each, extent in found.items()}
        for partition, offset in begin.items():
            consumer.seek(partition, offset)
        async for record in _merged(consumer, ends):
            if selection.holds(record):
                yield record


@dataclass(slots=True)
class _Lanes:
    """The records in hand of each partition that is not finished."""

    ends: Mapping[TopicPartition, int]
    waiting: dict[TopicPartition, deque[Record]] = field(init=False)
    complete: set[TopicPartition] = field(default_factory=set[TopicPartition])

    def __post_init__(self) -> None:
        self.waiting = {each: deque() for each in self.ends}

    def add(self, partition: TopicPartition, records: Iterable[Any]) -> None:
        """Take what was fetched, as far as it was there at the beginning."""
        end = self.ends[partition]
        self.waiting[partition].extend(Record.of(each) for each in records if each.offset < end)

    def oldest(self) -> Record | None:
        """Take the oldest record, or none as long as an older one may come."""
        for partition in [each for each in self.complete if not self.waiting.get(each, True)]:
            del self.waiting[partition]
        if not self.waiting or not all(self.waiting.values()):
            return None
        return min(self.waiting.values(), key=lambda records: _age(records[0])).popleft()


def _age(record: Record) -> tuple[int, bytes]:
    """Return what orders two records of different partitions: time, and then their sequence."""
    sequence = next((value for name, value in record.headers if name == SEQUENCE), None)
    return record.timestamp, sequence or b""


async def _merged(consumer: Any, ends: Mapping[TopicPartition, int]) -> AsyncGenerator[Record]:
    lanes = _Lanes(ends)
    idle = 0
    while True:
        await _note_complete(consumer, lanes)
        while record := lanes.oldest():
            yield record
        if not lanes.waiting:
            return
        _hold_back(consumer, lanes)
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=PORTION)
        for partition, records in fetched.items():
            lanes.add(partition, records)
        idle = 0 if fetched else idle + 1
        if idle >= STALLED_POLLS:
            raise DependencyDownError(NAME, "the records that are there do not come")


async def _note_complete(consumer: Any, lanes: _Lanes) -> None:
    for partition, end in lanes.ends.items():
        if partition not in lanes.complete and await consumer.position(partition) >= end:
            lanes.complete.add(partition)


def _hold_back(consumer: Any, lanes: _Lanes) -> None:
    """Fetch only from partitions that can still bring something that is waited for."""
    full = {each for each, records in lanes.waiting.items() if len(records) >= AHEAD}
    held = (full | lanes.complete) & set(consumer.assignment())
    consumer.pause(*held)
    consumer.resume(*(set(consumer.paused()) - held))
