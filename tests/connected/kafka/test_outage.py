# SPDX-License-Identifier: Apache-2.0
"""The broker goes away and comes back, with idempotent producers."""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from shared.errors import DependencyDownError
from shared.events import MessageReceived, Topics
from shared.messaging import Delivery, KafkaEventBus, OutgoingRecord
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka.broker import ApacheKafka
from tests.support.kafka.topics_of_test import new_prefix
from tests.support.kafka_bus import running
from tests.support.topic_reader import records_of

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATIENCE = 60
STOP_SECONDS = 10
"""What an orderly stop of a service may take."""


@pytest_asyncio.fixture(loop_scope="module")
async def settings(own_kafka: ApacheKafka) -> KafkaSettings:
    """Topics of our own on a broker that runs, also if the test before left it stopped."""
    if own_kafka.pid is None:
        await own_kafka.start()
    settings = KafkaSettings(
        bootstrap_servers=own_kafka.bootstrap_servers, topic_prefix=new_prefix()
    )
    await ensure_topics(settings)
    return settings


@dataclass
class Noting:
    """A sink that notes what it applied, each event once."""

    applied: dict[str, int] = field(default_factory=dict[str, int])

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            if each.event:
                self.applied.setdefault(str(each.event.event_id), each.event.sequence)


def message(sequence: int) -> MessageReceived:
    return an_event(MessageReceived).recorded(sequence=sequence, source="/test")


def bus_with(settings: KafkaSettings, sink: Noting) -> KafkaEventBus:
    bus = KafkaEventBus(settings, service="audit", version="1.0")
    bus.subscribe_sink(sink)
    return bus


async def test_a_record_carries_the_number_of_its_producer_so_that_the_broker_knows_it_again(
    own_kafka: ApacheKafka, settings: KafkaSettings
) -> None:
    """The safeguard is ``enable_idempotence``: without it the number is -1."""
    topic = Topics(settings.topic_prefix).domain
    producer = KafkaProducer(settings, client_id="test")
    await producer.start()
    for value in (b"first", b"second"):
        await producer.write(OutgoingRecord(topic, b"k", value, ()))
    await producer.stop()

    batches = [each for log in own_kafka.directory.rglob(f"{topic}-*/*.log") for each in read(log)]
    assert [sequence for _, sequence in batches] == [0, 1]
    assert {number >= 0 for number, _ in batches} == {True}


def read(log: Path) -> Iterator[tuple[int, int]]:
    """Return the number of the producer and its first sequence of each batch in a segment."""
    content, start = log.read_bytes(), 0
    while start < len(content):
        (length,) = struct.unpack_from(">i", content, start + 8)
        yield struct.unpack_from(">qxxi", content, start + 43)
        start += 12 + length


async def test_while_the_broker_is_away_a_write_is_refused_in_time_and_the_next_ones_are_taken(
    own_kafka: ApacheKafka, settings: KafkaSettings
) -> None:
    topic = Topics(settings.topic_prefix).domain
    producer = KafkaProducer(settings, client_id="test")
    await producer.start()
    await producer.write(OutgoingRecord(topic, b"k", b"before", ()))
    await own_kafka.stop()

    with pytest.raises(DependencyDownError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.write(OutgoingRecord(topic, b"k", b"during", ()))
    readiness = await producer.readiness()
    await own_kafka.start()
    for value in (b"after", b"last"):
        await producer.write(OutgoingRecord(topic, b"k", value, ()))
    await producer.stop()

    assert not readiness.ready
    values = [record.value for record in await records_of(settings, topic)]
    assert [value for value in values if value != b"during"] == [b"before", b"after", b"last"]


async def test_consumers_go_on_by_themselves_when_the_broker_is_back_and_lose_nothing(
    own_kafka: ApacheKafka, settings: KafkaSettings
) -> None:
    """P19: the broker is started anew. Safeguard: the client is asked again until it answers."""
    sink = Noting()
    bus = bus_with(settings, sink)

    async with running(bus):
        for number in range(1, 6):
            await bus.publish(message(number))
        await own_kafka.stop()
        with pytest.raises(DependencyDownError):
            await bus.publish(message(99))
        during = await bus.readiness()
        await own_kafka.start()
        for number in range(6, 11):
            await bus.publish(message(number))
        wanted = set(range(1, 11))
        await eventually(lambda: set(sink.applied.values()) >= wanted, timeout=PATIENCE)
        await eventually(lambda: is_ready(bus), timeout=PATIENCE)

    assert not during.ready
    assert set(sink.applied.values()) - {99} == wanted


async def is_ready(bus: KafkaEventBus) -> bool:
    return (await bus.readiness()).ready


async def test_a_bus_stops_in_time_while_the_broker_is_away(
    own_kafka: ApacheKafka, settings: KafkaSettings
) -> None:
    sink = Noting()
    bus = bus_with(settings, sink)
    await bus.start()
    await eventually(lambda: bus.subscriber.joined, timeout=PATIENCE)
    await bus.publish(message(1))
    await eventually(lambda: sink.applied)
    await own_kafka.stop()
    writing = asyncio.create_task(bus.publish(message(2)))
    await asyncio.wait([writing], timeout=1)

    async with asyncio.timeout(STOP_SECONDS):
        await bus.stop()

    with pytest.raises(DependencyDownError):
        await writing
