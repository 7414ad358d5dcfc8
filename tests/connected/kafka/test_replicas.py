# SPDX-License-Identifier: Apache-2.0
"""Two replicas of a consumer: they share the partitions, and take over from each other."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from shared.events import MessageReceived
from shared.messaging import Delivery, KafkaEventBus
from shared.messaging.observer import NullObserver
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import running

pytestmark = pytest.mark.connected

SESSIONS = 30
PATIENCE = 40


@dataclass
class Ledger:
    """A store that both replicas write to: applies an event once, and notes how often it came."""

    came: Counter[str] = field(default_factory=Counter[str])
    applied: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        await asyncio.sleep(0)  # as a store would, let others run
        for event in (each.event for each in deliveries):
            assert event is not None
            self.came[str(event.event_id)] += 1
            if self.came[str(event.event_id)] == 1:
                self.applied.setdefault(event.aggregate_id, []).append(event.sequence)


@dataclass
class Gated:
    """A sink in front of another, which waits until it is opened."""

    behind: Ledger
    open: asyncio.Event = field(default_factory=asyncio.Event)
    holds: int = 0

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        self.holds = len(deliveries)
        await self.open.wait()
        await self.behind.apply(deliveries)


class Commits(NullObserver):
    """Counts the commits that failed."""

    def __init__(self) -> None:
        self.failed = 0

    def commit_failed(self, error: Exception) -> None:
        self.failed += 1


@pytest.fixture
async def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    await ensure_topics(kafka_settings)
    return kafka_settings.model_copy(update={"batch_max_records": 20})


@asynccontextmanager
async def replica(
    settings: KafkaSettings, sink: Ledger | Gated, commits: Commits | None = None
) -> AsyncGenerator[KafkaEventBus]:
    bus = KafkaEventBus(settings, service="audit", version="1.0", observer=commits)
    bus.subscribe_sink(sink)
    async with running(bus):
        yield bus


def message(session: int, sequence: int) -> MessageReceived:
    event = an_event(MessageReceived, session_id=f"session-{session}")
    return event.recorded(sequence=sequence, source="/test")


async def publish(bus: KafkaEventBus, rounds: range) -> None:
    for sequence in rounds:
        for session in range(SESSIONS):
            await bus.publish(message(session, sequence))


def everything(rounds: int) -> dict[str, list[int]]:
    return {f"session-{each}": list(range(1, rounds + 1)) for each in range(SESSIONS)}


def partitions(bus: KafkaEventBus) -> set[object]:
    return set(bus.subscriber.consumer.assignment())


async def test_partitions_are_shared_and_taken_over_without_loss_or_repetition(
    settings: KafkaSettings,
) -> None:
    ledger = Ledger()

    async with replica(settings, ledger) as stays:
        alone = partitions(stays)
        publishing = asyncio.create_task(publish(stays, range(1, 21)))
        async with replica(settings, ledger) as leaves:
            await eventually(
                lambda: stays.subscriber.joined and len(partitions(stays)) < len(alone),
                timeout=PATIENCE,
            )
            shared = partitions(stays), partitions(leaves)
            await eventually(lambda: sum(ledger.came.values()) >= 5 * SESSIONS, timeout=PATIENCE)
        await eventually(lambda: partitions(stays) == alone, timeout=PATIENCE)
        await publishing
        await eventually(lambda: ledger.applied == everything(20), timeout=PATIENCE)

    assert shared[0] | shared[1] == alone
    assert shared[0] & shared[1] == set()
    assert min(map(len, shared)) > 0
    assert set(ledger.came.values()) == {1}


async def test_a_rebalance_waits_for_the_batch_in_hand_so_that_it_comes_to_nobody_again(
    settings: KafkaSettings,
) -> None:
    """A rebalance in mid-batch waits for its commit, as far as the group has the patience."""
    ledger = Ledger()
    slow = Gated(ledger)
    async with running_publisher(settings) as publisher:
        await publish(publisher, range(1, 3))

    async with replica(settings.model_copy(update={"batch_max_records": 500}), slow) as first:
        await eventually(lambda: slow.holds > SESSIONS, message="no batch of several partitions")
        rejoining = asyncio.create_task(release_after_rejoining(first, slow))
        async with replica(settings, ledger):
            await rejoining
            await publish(first, range(3, 5))
            await eventually(lambda: ledger.applied == everything(4), timeout=PATIENCE)

    assert set(ledger.came.values()) == {1}


@asynccontextmanager
async def running_publisher(settings: KafkaSettings) -> AsyncGenerator[KafkaEventBus]:
    """Give a bus that only publishes, so that a consumer finds all of it when it begins."""
    bus = KafkaEventBus(settings, service="audit", version="1.0")
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def release_after_rejoining(bus: KafkaEventBus, sink: Gated) -> None:
    """Open the sink when the bus has given its partitions back; it must not do so before."""
    await eventually(lambda: not bus.subscriber.joined, timeout=PATIENCE)
    with suppress(AssertionError):
        await eventually(lambda: bus.subscriber.joined, timeout=1)
    sink.open.set()


async def test_a_batch_that_outlasts_the_rebalance_comes_again_and_is_applied_once(
    settings: KafkaSettings,
) -> None:
    ledger, commits = Ledger(), Commits()
    slow = Gated(ledger)

    async with replica(settings, slow, commits) as first:
        alone = partitions(first)
        await publish(first, range(1, 3))
        await eventually(lambda: slow.holds)
        async with replica(settings, ledger) as second:
            await eventually(lambda: 0 < len(partitions(second)) < len(alone), timeout=PATIENCE)
            slow.open.set()
            await publish(second, range(3, 5))
            await eventually(lambda: ledger.applied == everything(4), timeout=PATIENCE)
            await eventually(lambda: first.subscriber.joined, timeout=PATIENCE)

    assert ledger.applied == everything(4)


async def test_when_a_commit_is_refused_the_records_come_again_to_somebody(
    settings: KafkaSettings,
) -> None:
    """P5: a zombie that finishes late. Safeguard: a refused commit is counted and left at that."""
    ledger, commits = Ledger(), Commits()
    slow = Gated(ledger)

    async with replica(settings, slow, commits) as zombie:
        await publish(zombie, range(1, 3))
        await eventually(lambda: slow.holds)
        forget_generation(zombie)
        slow.open.set()
        await eventually(lambda: commits.failed, timeout=PATIENCE)
        await publish(zombie, range(3, 5))
        await eventually(lambda: max(ledger.came.values()) > 1, timeout=PATIENCE)
        await eventually(lambda: ledger.applied == everything(4), timeout=PATIENCE)


def forget_generation(bus: KafkaEventBus) -> None:
    """Have the group take the consumer for one of an earlier generation."""
    bus.subscriber.consumer._coordinator.generation -= 1
