# SPDX-License-Identifier: Apache-2.0
"""Which records of which topics are to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from shared.errors import ConfigurationError
from shared.messaging.inspection.consumer import Extent
from shared.messaging.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to be read; without a bound, everything is.

    Offsets are those of every partition that is read, ``until_offset`` being the first that is not.
    Times are those of the records, ``until`` being the first that is not read.
    """

    topics: Sequence[str]
    partition: int | None = None
    from_offset: int = 0
    until_offset: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def partitions(self, present: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Return the partitions to read, of those that are there.

        Raises:
            ConfigurationError: there is none.
        """
        chosen = [each for each in present if self.partition in (None, each.partition)]
        if not chosen:
            raise ConfigurationError(f"no partition {self.partition} of {', '.join(self.topics)}")
        return chosen

    def within(self, extent: Extent) -> Extent:
        """Return the part of a partition that lies between the offsets."""
        end = extent.end if self.until_offset is None else min(extent.end, self.until_offset)
        return Extent(min(max(extent.first, self.from_offset), max(end, extent.first)), end)

    def holds(self, record: Record) -> bool:
        """Tell whether a record lies between the times."""
        early = self.since is not None and record.timestamp < milliseconds(self.since)
        late = self.until is not None and record.timestamp >= milliseconds(self.until)
        return not (early or late)


async def starts(
    consumer: Any, selection: Selection, found: Mapping[TopicPartition, Extent]
) -> dict[TopicPartition, int]:
    """Return the offset to begin at in each partition: nothing before it is selected."""
    begin = {each: selection.within(extent).first for each, extent in found.items()}
    if selection.since is None:
        return begin
    moment = milliseconds(selection.since)
    since = await consumer.offsets_for_times(dict.fromkeys(begin, moment))
    return {
        each: max(offset, since[each].offset if since.get(each) else found[each].end)
        for each, offset in begin.items()
    }


def milliseconds(moment: datetime) -> int:
    """Return a time as Kafka counts it: in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
