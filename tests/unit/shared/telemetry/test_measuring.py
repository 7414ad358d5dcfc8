# SPDX-License-Identifier: Apache-2.0
import asyncio
from datetime import timedelta

from shared.errors import DependencyDownError
from shared.telemetry.measuring import Measuring
from tests.support.eventually import eventually


class Counting(Measuring):
    """Counts how often it was asked; the first time what it asks is down."""

    name = "counting"

    def __init__(self, *, every: timedelta) -> None:
        super().__init__(every=every)
        self.asked = 0
        self.finished = 0
        self.go_on = asyncio.Event()

    async def measure(self) -> None:
        self.asked += 1
        if self.asked == 1:
            raise DependencyDownError("PostgreSQL", "refused")
        await self.go_on.wait()
        self.finished += 1


async def test_it_goes_on_after_what_it_asks_was_down() -> None:
    counting = Counting(every=timedelta(milliseconds=1))
    counting.go_on.set()

    await counting.start()
    await eventually(lambda: counting.finished > 1)
    await counting.stop()

    assert (await counting.readiness()).ready


async def test_a_stop_finishes_what_is_being_measured() -> None:
    """Safeguard: it is not cancelled, which would cut off a query on a connection of the pool."""
    counting = Counting(every=timedelta(milliseconds=1))
    await counting.start()
    await eventually(lambda: counting.asked == 2)

    stopping = asyncio.create_task(counting.stop())
    await asyncio.sleep(0)
    counting.go_on.set()
    await stopping

    assert counting.finished == 1


async def test_a_stop_does_not_wait_for_the_next_time() -> None:
    counting = Counting(every=timedelta(days=1))
    await counting.start()
    await eventually(lambda: counting.asked == 1)

    async with asyncio.timeout(60):
        await counting.stop()

    assert counting.finished == 0
