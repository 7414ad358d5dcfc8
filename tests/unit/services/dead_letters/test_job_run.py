# SPDX-License-Identifier: Apache-2.0
"""One job, step by step: rate, batches, and when it stops."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.dead_letters.job_run import JobRun
from services.dead_letters.letters.job import Fates, JobKind, Progress
from services.dead_letters.store.job_leases import HeldJob, JobLostError
from shared.errors import DependencyDownError
from shared.ids import new_id

NOTHING_HEARD = Fates(sent=2, handled=0, came_back=0)
ALL_HANDLED = Fates(sent=2, handled=2, came_back=0)
ONE_CAME_BACK = Fates(sent=2, handled=0, came_back=1)
BOTH_CAME_BACK = Fates(sent=2, handled=0, came_back=2)


class FakeTime:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.passed = 0.0

    async def pause(self, over: asyncio.Event, seconds: float) -> None:
        if not over.is_set():
            self.passed += seconds

    def now(self) -> float:
        return self.passed


@dataclass(slots=True, kw_only=True)
class FakeSteps:
    """A job in memory; of the batches it hears ``fates``, the last of them for ever."""

    known: Progress
    fates_heard: list[Fates] = field(default_factory=lambda: [ALL_HANDLED])
    errors: list[Exception] = field(default_factory=list[Exception])
    log: list[str] = field(default_factory=list[str])

    async def progress(self, job_id: UUID) -> Progress:
        return self.known

    async def act(self, job_id: UUID) -> Progress:
        if self.errors:
            raise self.errors.pop(0)
        self.known = replace(self.known, done=self.known.done + 1)
        self.log.append(f"letter {self.known.done}")
        return self.known

    async def fates(self, job_id: UUID, progress: Progress) -> Fates:
        return self.fates_heard.pop(0) if len(self.fates_heard) > 1 else self.fates_heard[0]

    async def approve(self, job_id: UUID) -> Progress:
        self.known = replace(self.known, judged=self.known.done)
        self.log.append("good enough")
        return self.known

    async def stop(self, job_id: UUID, why: str) -> None:
        self.log.append(f"stopped: {why}")

    async def complete(self, job_id: UUID) -> None:
        self.log.append("complete")


def steps(*, letters: int = 4, done: int = 0, fates: Sequence[Fates] = (ALL_HANDLED,)) -> FakeSteps:
    known = Progress(kind=JobKind.REDRIVE, letters=letters, done=done, judged=0, batch=2)
    return FakeSteps(known=known, fates_heard=list(fates))


def run_of(
    job: FakeSteps, time: FakeTime, *, rate: float | None = None, share: float = 0
) -> JobRun:
    held = HeldJob(
        id=new_id(),
        progress=job.known,
        operator="ada",
        reason="mended",
        rate=rate,
        stop_on_failures=share,
        wait=timedelta(seconds=3),
    )
    return JobRun(job=held, steps=job, pause=time.pause, now=time.now)


async def test_a_job_looks_after_each_batch_and_ends_after_the_last_letter() -> None:
    job = steps(letters=3)

    await run_of(job, FakeTime()).run()

    assert job.log == [
        "letter 1",
        "letter 2",
        "good enough",
        "letter 3",
        "good enough",
        "complete",
    ]


async def test_it_stops_when_too_much_of_a_batch_comes_back() -> None:
    """Safeguard: the look after a batch; without it the next letters went out all the same."""
    job = steps(fates=[NOTHING_HEARD, ONE_CAME_BACK])

    await run_of(job, FakeTime()).run()

    assert job.log == ["letter 1", "letter 2", "stopped: 1 of the last 2 letters came back"]


async def test_the_batch_that_was_sent_before_a_crash_is_judged_by_the_next_replica() -> None:
    job = steps(done=2, fates=[BOTH_CAME_BACK])

    await run_of(job, FakeTime(), share=0.5).run()

    assert job.log == ["stopped: 2 of the last 2 letters came back"]


async def test_the_wait_for_what_comes_back_has_an_end() -> None:
    job, time = steps(letters=2, fates=[NOTHING_HEARD]), FakeTime()

    await run_of(job, time).run()

    assert (job.log[-1], time.passed) == ("complete", 3.0)


async def test_a_job_that_never_stops_on_failures_does_not_wait_for_any() -> None:
    job, time = steps(fates=[NOTHING_HEARD]), FakeTime()

    await run_of(job, time, share=1).run()

    assert (job.log[-1], time.passed) == ("complete", 0)


async def test_no_more_letters_go_out_in_a_second_than_allowed() -> None:
    """Safeguard: ``JobRun._keep_pace``."""
    job, time = steps(letters=9), FakeTime()

    await run_of(job, time, rate=4).run()

    assert time.passed == 2.0


async def test_a_job_waits_for_the_database_and_goes_on_from_what_was_committed() -> None:
    """Safeguard: after a failure the progress is read again, as nobody knows what was committed."""
    job, time = steps(letters=2), FakeTime()
    job.errors = [DependencyDownError("PostgreSQL", "refused"), OSError("odd")]

    await run_of(job, time).run()

    assert job.log == ["letter 1", "letter 2", "good enough", "complete"]
    assert time.passed > 0


async def test_a_job_that_somebody_else_has_is_left_alone() -> None:
    job = steps()
    job.errors = [JobLostError("not ours")]

    await run_of(job, FakeTime()).run()

    assert job.log == []


@pytest.mark.parametrize("rate", [None, 4])
async def test_a_replica_that_stops_takes_no_further_letter(rate: float | None) -> None:
    job = steps()
    run = run_of(job, FakeTime(), rate=rate)
    run.over.set()

    await run.run()

    assert job.log == []
