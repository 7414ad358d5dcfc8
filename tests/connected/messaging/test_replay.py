# SPDX-License-Identifier: Apache-2.0
"""Topics can be read again without anybody noticing."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from shared.errors import ConfigurationError, DependencyDownError, PermanentError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import Delivery, KafkaEventBus, Record, encode
from shared.messaging.replay import read_batches, read_topics, replay
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.event_streams import long_history
from tests.support.eventually import eventually
from tests.support.running_service import send, send_records

pytestmark = pytest.mark.connected


class Collected:
    """A sink that keeps what it is given, and refuses the event with one number."""

    def __init__(self, refused: int = 0) -> None:
        self.numbers: list[int] = []
        self._refused = refused

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        numbers = [each.event.sequence for each in deliveries if each.event]
        if self._refused in numbers:
            raise PermanentError("refused")
        self.numbers += numbers


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> KafkaSettings:
    settings = kafka_settings.model_copy(update={"batch_max_records": 10})
    await ensure_topics(settings)
    return settings


def both(kafka: KafkaSettings) -> tuple[str, str]:
    topics = Topics(kafka.topic_prefix)
    return topics.domain, topics.infrastructure


async def read(kafka: KafkaSettings) -> list[Record]:
    return [record async for record in read_topics(kafka, both(kafka))]


def of(events: Sequence[Event], topics: Topics) -> dict[tuple[bytes | None, bytes | None], Event]:
    records = [encode(event, topics) for event in events]
    return {(r.key, dict(r.headers)["ce_id"]): e for r, e in zip(records, events, strict=True)}


async def test_every_record_is_read_as_it_is_and_in_order(kafka: KafkaSettings) -> None:
    topics = Topics(kafka.topic_prefix)
    events = [event for each in range(5) for event in long_history(f"s{each}", 30)]
    await send(kafka, events)

    records = await read(kafka)

    written = of(events, topics)
    assert {(r.key, dict(r.headers)["ce_id"]) for r in records} == written.keys()
    for record in records:
        outgoing = encode(written[record.key, dict(record.headers)["ce_id"]], topics)
        assert (record.topic, record.value, record.headers) == (
            outgoing.topic,
            outgoing.value,
            outgoing.headers,
        )
    for place in {(record.topic, record.partition) for record in records}:
        offsets = [r.offset for r in records if (r.topic, r.partition) == place]
        assert offsets == list(range(len(offsets)))


async def test_topics_without_records_are_read_at_once(kafka: KafkaSettings) -> None:
    assert await read(kafka) == []


async def test_it_ends_where_the_topics_ended_when_it_began(kafka: KafkaSettings) -> None:
    text = "x" * 200_000  # so that one fetch does not hold them all
    messages = [
        MessageReceived(
            session_id="s", message_content=text, message_length=len(text), sequence=number
        )
        for number in range(1, 21)
    ]
    await send(kafka, messages)
    found: list[Record] = []

    async with aclosing(read_batches(kafka, both(kafka))) as batches:
        async for batch in batches:
            found += batch
            await send(kafka, messages[:1])

    assert [record.offset for record in found] == list(range(20))


async def test_without_an_end_it_goes_on_with_what_is_written_later(kafka: KafkaSettings) -> None:
    await send(kafka, long_history("s", 2))
    keys: list[bytes | None] = []

    async with aclosing(read_topics(kafka, both(kafka), until_end=False)) as records:
        async for record in records:
            keys.append(record.key)
            if len(keys) == 2:
                await send(kafka, long_history("later", 2))
            if len(keys) == 4:
                break

    assert keys == [b"s", b"s", b"later", b"later"]


async def test_the_live_group_still_gets_everything(kafka: KafkaSettings) -> None:
    """P10: Safeguard: a replay is of no group and commits nothing."""
    await send(kafka, long_history("s", 20))
    assert len(await read(kafka)) == 20
    sink = Collected()
    bus = KafkaEventBus(kafka, service="audit", version="1")
    bus.subscribe_sink(sink)

    await bus.start()
    try:
        await eventually(lambda: len(sink.numbers) == 20, timeout=40)
    finally:
        await bus.stop()


async def test_what_holds_no_event_or_cannot_be_applied_is_left_out(kafka: KafkaSettings) -> None:
    poison = replace(encode(long_history("s", 2)[0], Topics(kafka.topic_prefix)), value=b"{")
    await send_records(kafka, [poison])
    await send(kafka, long_history("s", 30))
    sink = Collected(refused=7)

    assert await replay(kafka, both(kafka), sink) == 30

    assert sorted(sink.numbers) == [n for n in range(1, 31) if n != 7]


async def test_only_what_is_wanted_is_applied(kafka: KafkaSettings) -> None:
    await send(kafka, [*long_history("s", 10), *long_history("t", 5)])
    sink = Collected()

    assert await replay(kafka, both(kafka), sink, wanted=lambda r: r.key == b"t") == 5

    assert sorted(sink.numbers) == [1, 2, 3, 4, 5]


async def test_a_missing_topic_is_said(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(ConfigurationError, match="no topic"):
        await read(kafka_settings)


async def test_a_broker_that_does_not_answer_is_down() -> None:
    with pytest.raises(DependencyDownError):
        await read(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
