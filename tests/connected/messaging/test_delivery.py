# SPDX-License-Identifier: Apache-2.0
"""When offsets are committed, and what comes again."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import pytest

from shared.errors import DependencyDownError, PermanentError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import Delivery, KafkaEventBus, OutgoingRecord, decode
from shared.messaging.observer import NullObserver
from shared.messaging.outcomes import Outcomes
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import committed, running
from tests.support.topic_reader import received, records_of

pytestmark = pytest.mark.connected


@pytest.fixture
async def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    await ensure_topics(kafka_settings)
    return kafka_settings


@pytest.fixture
def topics(settings: KafkaSettings) -> Topics:
    return Topics(settings.topic_prefix)


def new_bus(settings: KafkaSettings, observer: NullObserver | None = None) -> KafkaEventBus:
    return KafkaEventBus(settings, service="audit", version="1.0", retry=QUICK, observer=observer)


def message(sequence: int) -> MessageReceived:
    return an_event(MessageReceived).recorded(sequence=sequence, source="/test")


class Gate:
    """A sink that applies nothing until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.entered = asyncio.Event()
        self.applied: list[Event | None] = []

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        self.entered.set()
        await self.open.wait()
        self.applied.extend(delivery.event for delivery in deliveries)


class Noting:
    """A sink that notes the sequences it applied."""

    def __init__(self) -> None:
        self.sequences: list[int] = []

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        self.sequences.extend(each.event.sequence for each in deliveries if each.event)


async def test_nothing_is_committed_before_it_is_applied_and_a_stop_finishes_the_batch(
    settings: KafkaSettings, topics: Topics
) -> None:
    """P2: effect, then commit. Safeguard: the commit comes after ``process`` in ``Intake``."""
    gate, bus = Gate(), new_bus(settings)
    bus.subscribe_sink(gate)

    async with running(bus):
        await bus.publish(message(1))
        await gate.entered.wait()
        while_applying = await committed(bus, topics.domain)
        stopping = asyncio.create_task(bus.stop())
        gate.open.set()
        await stopping

    assert while_applying == 0
    assert [event.sequence for event in gate.applied if event] == [1]
    async with running(new := new_bus_with(settings, sink := Noting())):
        await new.publish(message(2))
        await eventually(lambda: sink.sequences)
    assert sink.sequences == [2]


def new_bus_with(settings: KafkaSettings, sink: Noting) -> KafkaEventBus:
    bus = new_bus(settings)
    bus.subscribe_sink(sink)
    return bus


async def test_what_was_applied_but_not_committed_comes_again(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Noting(), Noting()
    crashing = new_bus_with(settings, first)

    async def crash(_: object) -> None:
        raise ConnectionError("the process ended here")

    monkeypatch.setattr(crashing.subscriber._intake, "_commit", crash)
    async with running(crashing):
        await crashing.publish(message(1))
        await eventually(lambda: first.sequences)

    async with running(new_bus_with(settings, second)):
        await eventually(lambda: second.sequences)

    assert (first.sequences, second.sequences) == ([1], [1])


@pytest.mark.parametrize(
    "refusal", [DependencyDownError("Kafka", "no answer"), PermanentError("record too large")]
)
async def test_while_dead_letters_cannot_be_written_the_source_is_not_committed(
    settings: KafkaSettings, topics: Topics, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    bus, works = new_bus(settings), False
    write = bus.producer.write

    async def refuse(record: OutgoingRecord) -> None:
        if record.topic == topics.dead_letters and not works:
            raise refusal
        await write(record)

    monkeypatch.setattr(bus.producer, "write", refuse)

    @bus.subscribe()
    async def fail(_: Event) -> None:
        raise PermanentError("cannot be handled")

    async with running(bus):
        await bus.publish(message(1))
        await eventually(lambda: bus.pause.reason)
        state = await bus.readiness()
        while_refused = await committed(bus, topics.domain)
        works = True
        await eventually(lambda: bus.get_stats().dead_lettered == 1, timeout=20)
    letters = await records_of(settings, topics.dead_letters)

    assert not state.ready
    assert "paused" in state.reason
    assert while_refused == 0
    assert len(letters) == 1


class FailingObserver(NullObserver):
    """Fails in a way that nobody has thought of."""

    def __init__(self) -> None:
        self.failures = 2

    @contextmanager
    def processing(self, deliveries: Sequence[Delivery], outcomes: Outcomes) -> Generator[None]:
        yield
        if self.failures:
            self.failures -= 1
            raise TypeError("a bug")


async def test_a_batch_that_fails_unexpectedly_is_repeated_and_not_lost(
    settings: KafkaSettings, topics: Topics
) -> None:
    """P19: honest health. Safeguard: ``failing`` of the intake, which /readyz asks for."""
    sink, observer = Noting(), FailingObserver()
    bus = new_bus(settings, observer)
    bus.subscribe_sink(sink)

    async with running(bus):
        await bus.publish(message(1))
        await eventually(lambda: bus.subscriber.failing)
        state = await bus.readiness()
        while_failing = await committed(bus, topics.domain)
        await eventually(lambda: bus.get_stats().consumed == 1, timeout=20)
        await bus.publish(message(2))
        await eventually(lambda: bus.get_stats().consumed == 2)

    assert not state.ready
    assert while_failing == 0
    assert sink.sequences == [1, 1, 1, 2]


async def test_events_that_a_broker_did_not_confirm_leave_no_gap_behind(
    settings: KafkaSettings, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, down = new_bus(settings), True
    write = bus.producer.write

    async def refuse(record: OutgoingRecord) -> None:
        if down:
            raise DependencyDownError("Kafka", "no answer")
        await write(record)

    monkeypatch.setattr(bus.producer, "write", refuse)
    lost = an_event(MessageReceived, message_content="not confirmed")
    await bus.start()
    with pytest.raises(DependencyDownError):
        await bus.publish(lost)
    down = False
    await bus.publish(an_event(MessageReceived, message_content="later"))
    await bus.stop()

    events = [decode(received(record)) for record in await records_of(settings, topics.domain)]
    assert [event.sequence for event in events] == [1, 2]
    assert events[0].event_id == lost.event_id
    assert bus.get_stats().published == 2
