# SPDX-License-Identifier: Apache-2.0
"""A broker that is started again and has forgotten its records, while a batch is in hand."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.ports import free_ports
from deploy.embedded.service_settings import kafka_settings as embedded_kafka
from shared.events import MessageReceived
from shared.messaging import Delivery, KafkaEventBus
from shared.messaging.topics_admin import ensure_topics
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import running

pytestmark = pytest.mark.connected

ALL = 100


class Gate:
    """A sink that notes what it is given, and is done with a batch when it is let through."""

    def __init__(self) -> None:
        self.batches: list[set[int]] = []
        self._through = asyncio.Semaphore(0)

    @property
    def sequences(self) -> set[int]:
        return set[int]().union(*self.batches)

    def let_through(self, batches: int) -> None:
        for _ in range(batches):
            self._through.release()

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        self.batches.append({each.event.sequence for each in deliveries if each.event})
        await self._through.acquire()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncGenerator[EmbeddedBroker]:
    (port,) = free_ports(1)
    server = EmbeddedBroker(tmp_path / "broker", log_path=tmp_path / "broker.log", port=port)
    await server.start()
    yield server
    await server.stop()


def coordinator_of(bus: KafkaEventBus) -> Any:
    return bus.subscriber.consumer._coordinator


async def publish(bus: KafkaEventBus, sequences: range) -> None:
    for number in sequences:
        await bus.publish(an_event(MessageReceived).recorded(sequence=number, source="/test"))


async def test_offsets_of_records_that_are_forgotten_are_not_committed(
    broker: EmbeddedBroker,
) -> None:
    """Safeguard: ``commit_only_as``; without it nobody reads the first records of the new log.

    The batch in hand is done when the member is put out and has not joined again: the broker has no
    group by then, and takes what nobody in particular commits.
    """
    settings = embedded_kafka(broker.bootstrap_servers, {})
    await ensure_topics(settings)
    gate, bus = Gate(), KafkaEventBus(settings, service="audit", version="1.0", retry=QUICK)
    bus.subscribe_sink(gate)

    async with running(bus):
        await publish(bus, range(1, 11))
        await eventually(lambda: gate.sequences)
        await broker.stop()
        await broker.start()
        await ensure_topics(settings)
        await publish(bus, range(11, 31))
        await eventually(lambda: coordinator_of(bus).generation < 0, timeout=40)
        gate.let_through(ALL)

        await eventually(lambda: gate.sequences >= set(range(11, 31)), timeout=40)


async def test_a_member_that_has_its_name_from_before_does_not_commit_what_it_read_before(
    broker: EmbeddedBroker,
) -> None:
    """Safeguard: that each time a member has partitions is a membership of its own.

    The member is joining when the broker forgets everything, so that no heartbeat tells it; the new
    broker lets it have its old name and generation.
    """
    settings = embedded_kafka(broker.bootstrap_servers, {})
    await ensure_topics(settings)
    gate, bus = Gate(), KafkaEventBus(settings, service="audit", version="1.0", retry=QUICK)
    bus.subscribe_sink(gate)

    async with running(bus):
        coordinator = coordinator_of(bus)
        named = coordinator.generation, coordinator.member_id
        await publish(bus, range(1, 11))
        await eventually(lambda: gate.batches)
        await coordinator._stop_heartbeat_task()
        await broker.stop()
        await broker.start()
        await ensure_topics(settings)
        await publish(bus, range(11, 31))
        coordinator.request_rejoin()
        await eventually(lambda: not bus.subscriber.joined, timeout=40)
        await eventually(lambda: bus.subscriber.joined, timeout=40)
        assert (coordinator.generation, coordinator.member_id) == named

        gate.let_through(1)
        await eventually(lambda: len(gate.batches) == 2)
        committed = [
            await bus.subscriber.consumer.committed(each)
            for each in bus.subscriber.consumer.assignment()
        ]
        assert not any(committed)

        gate.let_through(ALL)
        await eventually(lambda: gate.sequences >= set(range(11, 31)), timeout=40)
