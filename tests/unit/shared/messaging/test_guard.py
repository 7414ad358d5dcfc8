# SPDX-License-Identifier: Apache-2.0
"""What repeats, what waits, and what gives up."""

import asyncio
from datetime import timedelta

import pytest

from shared.errors import DependencyDownError, PermanentError, TransientError
from shared.messaging.guard import PROBING, GivenUpError, Guard
from shared.retry import RetryPolicy
from tests.support.eventually import eventually

POLICY = RetryPolicy(initial_delay=timedelta(seconds=1), max_attempts=3, jitter=0)
DOWN = DependencyDownError("PostgreSQL", "refused")


class Work:
    """Fails as it is told to, then returns 7."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    async def __call__(self) -> int:
        if self.failures:
            raise self.failures.pop(0)
        return 7


class Slept:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_attempts_are_counted_and_the_last_error_is_named() -> None:
    slept = Slept()
    guard = Guard(policy=POLICY, sleep=slept, spread=lambda: 0)

    with pytest.raises(GivenUpError) as raised:
        await guard.run(Work(*[TransientError("busy")] * 5))

    assert (raised.value.attempts, str(raised.value.error)) == (3, "busy")
    assert slept.seconds == [1, 2]


async def test_a_server_that_is_down_uses_up_no_attempt_however_long_it_lasts() -> None:
    slept = Slept()
    guard = Guard(policy=POLICY, sleep=slept, spread=lambda: 0)

    result = await guard.run(Work(*[DOWN] * 1000))

    assert result == 7
    assert len(slept.seconds) == 1000


async def test_probing_is_never_a_busy_loop() -> None:
    """Safeguard: the growing delay between two probes, at most five seconds."""
    slept = Slept()
    guard = Guard(policy=POLICY, sleep=slept, spread=lambda: 0)

    await guard.run(Work(*[DOWN] * 600))

    assert min(slept.seconds) >= PROBING.initial_delay.total_seconds()
    assert slept.seconds[-1] == PROBING.max_delay.total_seconds()
    assert sum(slept.seconds) > 45 * 60


async def test_work_that_fails_otherwise_after_a_pause_leaves_no_pause_behind() -> None:
    """Safeguard: the end of a pause in ``finally``; without it, /readyz would stay at 503."""
    guard = Guard(policy=POLICY, sleep=Slept())

    with pytest.raises(GivenUpError):
        await guard.run(Work(DOWN, PermanentError("no")))

    assert guard.pause.reason is None
    assert guard.pause.count == 1


async def test_work_that_is_cancelled_in_a_pause_leaves_no_pause_behind() -> None:
    guard = Guard(policy=POLICY)
    task = asyncio.create_task(guard.run(Work(*[DOWN] * 1000)))
    await eventually(lambda: guard.pause.reason)

    task.cancel()
    await asyncio.wait([task])

    assert guard.pause.reason is None


async def test_every_repetition_is_told_with_its_error() -> None:
    told: list[Exception] = []
    busy = TransientError("busy")
    guard = Guard(policy=POLICY, sleep=Slept(), on_retry=told.append)

    await guard.run(Work(DOWN, busy, DOWN))

    assert told == [DOWN, busy, DOWN]
