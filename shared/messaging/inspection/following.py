# SPDX-License-Identifier: Apache-2.0
"""Follows topics: gives each record as it comes."""

from collections.abc import AsyncGenerator

from shared.messaging.inspection.consumer import POLL_MS, extents, onlooker, partitions_of
from shared.messaging.inspection.selection import Selection
from shared.messaging.records import Record
from shared.settings import KafkaSettings


async def follow(
    settings: KafkaSettings, selection: Selection, *, last: int = 0
) -> AsyncGenerator[Record]:
    """Give the ``last`` records of each partition that are there, then what comes, without an end.

    Raises:
        DependencyDownError: the broker cannot be reached.
        ConfigurationError: a topic or partition is missing.
    """
    chosen = selection.partitions(await partitions_of(settings, selection.topics))
    async with onlooker(settings) as consumer:
        found = await extents(consumer, chosen)
        for partition, extent in found.items():
            consumer.seek(partition, max(extent.first, extent.end - last))
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS)
            records = [Record.of(each) for some in fetched.values() for each in some]
            for record in sorted(records, key=lambda each: each.timestamp):
                if selection.holds(record):
                    yield record
