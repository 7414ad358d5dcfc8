# SPDX-License-Identifier: Apache-2.0
"""Topics are read from outside as they are, and nobody notices."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.errors import ConfigurationError
from shared.events import Topics
from shared.messaging import OutgoingRecord, Record
from shared.messaging.inspection import reading
from shared.messaging.inspection.following import follow
from shared.messaging.inspection.reading import read
from shared.messaging.inspection.selection import Selection
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.event_streams import long_history
from tests.support.running_service import send, send_records
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> KafkaSettings:
    await ensure_topics(kafka_settings)
    return kafka_settings


def both(kafka: KafkaSettings) -> tuple[str, str]:
    topics = Topics(kafka.topic_prefix)
    return topics.domain, topics.infrastructure


async def found(kafka: KafkaSettings, selection: Selection) -> list[Record]:
    return [record async for record in read(kafka, selection)]


def places(records: list[Record]) -> set[tuple[str, int, int]]:
    return {(each.topic, each.partition, each.offset) for each in records}


async def test_all_records_of_all_partitions_are_read_once_in_the_order_of_time(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: a record waits until no partition can bring an older one."""
    monkeypatch.setattr(reading, "PORTION", 7)
    monkeypatch.setattr(reading, "AHEAD", 10)
    for each in range(4):
        await send(kafka, long_history(f"s{each}", 40))

    records = await found(kafka, Selection(topics=both(kafka)))

    stored = [record for topic in both(kafka) for record in await records_of(kafka, topic)]
    assert len(records) == len(stored) == 160
    assert places(records) == {(each.topic, each.partition, each.offset) for each in stored}
    assert [each.timestamp for each in records] == sorted(each.timestamp for each in records)
    for place in {(each.topic, each.partition) for each in records}:
        offsets = [each.offset for each in records if (each.topic, each.partition) == place]
        assert offsets == sorted(offsets)


async def test_any_bytes_are_read_as_they_are(kafka: KafkaSettings) -> None:
    topic = both(kafka)[0]
    odd = [
        OutgoingRecord(topic, None, b"\xff\x00", (("h", b"\xff"), ("h", None)), partition=1),
        OutgoingRecord(topic, b"\xfe", None, (), partition=1),
        OutgoingRecord(topic, b"k", b"", (), partition=1),
    ]
    await send_records(kafka, odd)

    records = await found(kafka, Selection(topics=[topic]))

    assert [(r.key, r.value, r.headers) for r in records] == [
        (o.key, o.value, o.headers) for o in odd
    ]


async def test_a_reading_is_bounded_by_partition_and_offsets(kafka: KafkaSettings) -> None:
    topic = both(kafka)[0]
    value = OutgoingRecord(topic, b"k", b"{}", ())
    await send_records(kafka, [replace(value, partition=each % 2) for each in range(20)])

    selection = Selection(topics=[topic], partition=1, from_offset=3, until_offset=5)

    assert places(await found(kafka, selection)) == {(topic, 1, 3), (topic, 1, 4)}
    assert await found(kafka, replace(selection, from_offset=10, until_offset=None)) == []
    assert await found(kafka, replace(selection, from_offset=7, until_offset=2)) == []


async def test_a_reading_is_bounded_by_times(kafka: KafkaSettings) -> None:
    topic = both(kafka)[0]
    await send_records(kafka, [OutgoingRecord(topic, b"k", b"1", (), partition=0)])
    everything = await found(kafka, Selection(topics=[topic]))
    moment = datetime.fromtimestamp(everything[0].timestamp / 1000, UTC)

    assert len(await found(kafka, Selection(topics=[topic], since=moment))) == 1
    assert await found(kafka, Selection(topics=[topic], until=moment)) == []
    assert (
        await found(kafka, Selection(topics=[topic], since=datetime.max.replace(tzinfo=UTC))) == []
    )


async def test_topics_without_records_are_read_at_once(kafka: KafkaSettings) -> None:
    assert await found(kafka, Selection(topics=both(kafka))) == []


async def test_a_topic_or_partition_that_is_not_there_is_named(kafka: KafkaSettings) -> None:
    with pytest.raises(ConfigurationError, match="no topic nowhere"):
        await found(kafka, Selection(topics=["nowhere"]))
    with pytest.raises(ConfigurationError, match="no partition 99"):
        await found(kafka, Selection(topics=both(kafka), partition=99))


async def test_following_begins_with_the_last_and_goes_on_with_what_comes(
    kafka: KafkaSettings,
) -> None:
    topic = both(kafka)[0]
    value = OutgoingRecord(topic, b"k", b"{}", (), partition=0)
    await send_records(kafka, [value] * 5)

    offsets: list[int] = []
    async with (
        asyncio.timeout(60),
        aclosing(follow(kafka, Selection(topics=[topic]), last=2)) as it,
    ):
        async for record in it:
            offsets.append(record.offset)
            if record.offset == 4:
                await send_records(kafka, [value])
            if record.offset == 5:
                break

    assert offsets == [3, 4, 5]
