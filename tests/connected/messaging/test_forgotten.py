# SPDX-License-Identifier: Apache-2.0
"""A broker that is started again and has forgotten its records, while a batch is in hand."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.ports import free_ports
from deploy.embedded.service_settings import kafka_settings as embedded_kafka
from shared.events import MessageReceived
from shared.messaging import Delivery, KafkaEventBus
from shared.messaging.membership import membership_of
from shared.messaging.topics_admin import ensure_topics
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import running

pytestmark = pytest.mark.connected


class Gate:
    """A sink that notes what it is given, and is done with it when it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.sequences: set[int] = set()

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        self.sequences |= {each.event.sequence for each in deliveries if each.event}
        await self.open.wait()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncGenerator[EmbeddedBroker]:
    (port,) = free_ports(1)
    server = EmbeddedBroker(tmp_path / "broker", log_path=tmp_path / "broker.log", port=port)
    await server.start()
    yield server
    await server.stop()


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
        await eventually(lambda: membership_of(bus.subscriber.consumer)[0] < 0, timeout=40)
        gate.open.set()

        await eventually(lambda: gate.sequences >= set(range(11, 31)), timeout=40)
