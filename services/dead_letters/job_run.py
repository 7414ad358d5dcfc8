# SPDX-License-Identifier: Apache-2.0
"""Carries out one job: letter after letter at its pace, with a look after each batch."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from services.dead_letters.letters.job import Fates, Progress, Step
from services.dead_letters.store.job_leases import HeldJob, JobLostError
from shared.errors import AgentRuntimeError
from shared.messaging.guard import PROBING

logger = logging.getLogger(__name__)

POLL = timedelta(seconds=0.5)
"""How often is looked for what became of the letters that were sent."""


class JobSteps(Protocol):
    """The steps of jobs; each raises ``JobLostError`` where the job is not ours any more."""

    async def progress(self, job_id: UUID) -> Progress:
        """Return how far the job is."""
        ...

    async def act(self, job_id: UUID) -> Progress:
        """Take the next letter."""
        ...

    async def fates(self, job_id: UUID, progress: Progress) -> Fates:
        """Return what became of what was sent since the job was judged last."""
        ...

    async def approve(self, job_id: UUID) -> Progress:
        """Note that what was sent so far was good enough to go on."""
        ...

    async def stop(self, job_id: UUID, why: str) -> None:
        """Stop the job."""
        ...

    async def complete(self, job_id: UUID) -> None:
        """End the job."""
        ...


Pause = Callable[[asyncio.Event, float], Awaitable[None]]


async def until(event: asyncio.Event, seconds: float) -> None:
    """Return after so many seconds, or sooner if ``event`` is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


@dataclass(slots=True, kw_only=True)
class JobRun:
    """Carries out one job as long as it is ours and nobody says that it is over."""

    job: HeldJob
    steps: JobSteps
    over: asyncio.Event = field(default_factory=asyncio.Event)
    pause: Pause = until
    now: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    _due: float = field(default=float("-inf"), init=False)

    async def run(self) -> None:
        """Return when the job has ended, or is not ours any more."""
        progress: Progress | None = None
        failures = 0
        while not self.over.is_set():
            try:
                progress = await self._step(progress or await self.steps.progress(self.job.id))
            except JobLostError:
                return
            except Exception as error:  # noqa: BLE001 -- a job that ends here would never end
                failures += 1
                self._note_failure(error)
                await self.pause(self.over, PROBING.delay(attempt=failures).total_seconds())
                progress = None  # who knows what was committed
            else:
                failures = 0
                if progress is None:
                    return

    def _note_failure(self, error: Exception) -> None:
        expected = isinstance(error, AgentRuntimeError)
        logger.warning(
            "a job waits",
            extra={"job": str(self.job.id), "reason": str(error)},
            exc_info=None if expected else error,
        )

    async def _step(self, progress: Progress) -> Progress | None:
        """Do the next step and return how far the job is; None if that was the last."""
        match progress.next_step:
            case Step.ACT:
                await self._keep_pace()
                return progress if self.over.is_set() else await self.steps.act(self.job.id)
            case Step.JUDGE:
                return await self._judge(progress)
            case Step.COMPLETE:
                await self.steps.complete(self.job.id)
                return None

    async def _keep_pace(self) -> None:
        if self.job.rate is None:
            return
        if self._due > self.now():
            await self.pause(self.over, self._due - self.now())
        self._due = max(self._due, self.now()) + 1 / self.job.rate

    async def _judge(self, progress: Progress) -> Progress | None:
        """Wait for what becomes of the batch; stop when too much of it comes back."""
        share, deadline = self.job.stop_on_failures, self.now() + self.job.wait.total_seconds()
        fates = await self.steps.fates(self.job.id, progress)
        while fates.may_be_too_many(share=share) and self.now() < deadline:
            await self.pause(self.over, POLL.total_seconds())
            if self.over.is_set():
                return progress
            fates = await self.steps.fates(self.job.id, progress)
        if fates.too_many(share=share):
            why = f"{fates.came_back} of the last {fates.sent} letters came back"
            await self.steps.stop(self.job.id, why)
            return None
        return await self.steps.approve(self.job.id)
