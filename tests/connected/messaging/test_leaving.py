# SPDX-License-Identifier: Apache-2.0
"""A member that stops while others join."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.messaging import Delivery, KafkaEventBus
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.kafka_bus import running

pytestmark = pytest.mark.connected


class Nothing:
    """A sink that keeps nothing."""

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Forget them."""


def new_bus(settings: KafkaSettings) -> KafkaEventBus:
    bus = KafkaEventBus(settings, service="audit", version="1.0", retry=QUICK)
    bus.subscribe_sink(Nothing())
    return bus


def joining(bus: KafkaEventBus) -> bool:
    """Tell whether the broker has given a new member its name: the group is forming from then."""
    consumer = bus.subscriber.consumer
    return bool(consumer and consumer._coordinator and consumer._coordinator.member_id)


async def test_a_group_goes_on_without_a_leader_that_left_while_it_was_forming(
    kafka_settings: KafkaSettings,
) -> None:
    """Safeguard: ``leave_only_when_formed``; without it the embedded broker waits for the leader.

    The first member leads. With the second the group is formed again, and only then does the client
    library say that it leaves.
    """
    await ensure_topics(kafka_settings)
    first, second, third = (new_bus(kafka_settings) for _ in range(3))
    async with running(first), running(second):
        start = asyncio.create_task(third.start())
        await eventually(lambda: joining(third))
        await first.stop()

        async with asyncio.timeout(40):
            await start
        await eventually(lambda: third.subscriber.consumer.assignment(), timeout=40)
        await third.stop()
