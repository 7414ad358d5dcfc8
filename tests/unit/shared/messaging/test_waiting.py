# SPDX-License-Identifier: Apache-2.0
"""What goes on and what waits, while a handler takes long, fails, or no letter can be written."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from shared.errors import DependencyDownError, PermanentError, TransientError
from shared.events import Event
from shared.messaging import Delivery, KafkaEventBus
from shared.messaging.guard import PROBING
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.processing import TOPICS, Processing, record

TWENTY_MINUTES_MS = 20 * 60 * 1000
DOWN = DependencyDownError("Kafka", "no answer")


@pytest.fixture
def processing() -> Processing:
    return Processing()


@asynccontextmanager
async def under_way(work: Awaitable[None]) -> AsyncGenerator[asyncio.Future[None]]:
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def fail(_: Event) -> None:
    raise PermanentError("cannot be handled")


@pytest.mark.parametrize("refusal", [DOWN, PermanentError("not authorised")], ids=["down", "no"])
async def test_without_a_dead_letter_queue_nothing_goes_on_and_everybody_is_told(
    processing: Processing, refusal: Exception
) -> None:
    """P3: while a letter cannot be written, the batch does not end, so nothing is committed.

    Safeguards: the guard around the write, without which the record is lost, and its growing
    delay, without which it spins; the name of the topic in reason and metric.
    """
    processing.letters.refusals = [refusal] * 30
    processing.handle(fail)

    await processing.processor.process([record("s-1", 1)])

    assert len(processing.letters.written) == 1
    assert len(processing.slept) == 30
    assert min(processing.slept) >= PROBING.initial_delay.total_seconds()
    assert processing.slept[-1] == PROBING.max_delay.total_seconds()
    expected = f"{TOPICS.dead_letters} takes no dead letter: {refusal}"
    assert set(processing.reasons) == {expected}
    assert (processing.shown[0], processing.paused) == (1, 0)


async def test_a_handler_that_takes_long_holds_up_its_own_key_alone(
    processing: Processing,
) -> None:
    """P4: other keys go on meanwhile. Safeguard: a lane for each key, run at the same time."""
    handled: list[tuple[str, int]] = []
    ended = asyncio.Event()

    async def handle(event: Event) -> None:
        if event.aggregate_id == "slow":
            await ended.wait()
        handled.append((event.aggregate_id, event.sequence))

    processing.handle(handle)
    batch = [record("slow", 1), record("slow", 2), record("quick", 1), record("quick", 2)]

    async with under_way(processing.processor.process(batch)) as task:
        await eventually(lambda: handled == [("quick", 1), ("quick", 2)])
        assert not task.done()
        ended.set()
        await task

    assert handled[2:] == [("slow", 1), ("slow", 2)]


async def test_no_handler_is_too_slow_for_its_group() -> None:
    """P4: a handler of twenty minutes makes no rebalance; heartbeats go on beside it.

    Safeguard: the longest time between two polls that the client knows.
    """
    bus = KafkaEventBus(KafkaSettings(), service="audit", version="1.0")

    arguments = bus.subscriber._subscriber._connection_args

    assert arguments["max_poll_interval_ms"] > TWENTY_MINUTES_MS
    assert arguments["heartbeat_interval_ms"] * 3 <= arguments["session_timeout_ms"]


async def test_later_events_of_a_session_wait_while_an_earlier_one_is_tried_again(
    processing: Processing,
) -> None:
    """P6: order is kept through retries. Safeguard: one record of a key after the other."""
    tried: list[int] = []

    async def handle(event: Event) -> None:
        tried.append(event.sequence)
        if event.sequence == 1 and tried.count(1) < QUICK.max_attempts:
            raise TransientError("busy")

    processing.handle(handle)

    await processing.processor.process([record("s-1", each) for each in (1, 2, 3)])

    assert tried == [1, 1, 1, 2, 3]
    assert processing.letters.written == []


class Knowing:
    """A sink that knows the first two events of a session already."""

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        return sum(each.event is not None and each.event.sequence <= 2 for each in deliveries)


@pytest.mark.parametrize("last", [1, 5])
async def test_what_a_sink_had_applied_before_is_counted(processing: Processing, last: int) -> None:
    """Safeguard: the count that a sink returns, of a batch and of a single record."""
    processing.subscriptions.add_sink(Knowing(), "dead_letter")

    await processing.processor.process([record("s-1", each) for each in range(1, last + 1)])

    assert processing.instruments.duplicates_dropped.total({"group": "audit"}) == min(last, 2)
