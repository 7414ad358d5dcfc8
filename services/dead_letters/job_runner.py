# SPDX-License-Identifier: Apache-2.0
"""Carries out the jobs that this replica holds."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from services.dead_letters.job_run import JobRun, JobSteps, until
from services.dead_letters.store.job_leases import JobLeases
from shared.errors import AgentRuntimeError
from shared.health import Readiness

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""How many jobs a replica works on; more wait until one of these is done."""

LOOK = timedelta(seconds=1)
"""How often leases are renewed and other jobs looked for."""


class JobRunner:
    """Takes jobs that nobody works on, keeps their leases, and carries them out."""

    name = "jobs"

    def __init__(
        self,
        leases: JobLeases,
        steps: JobSteps,
        *,
        at_once: int = AT_ONCE,
        look: timedelta = LOOK,
    ) -> None:
        self._leases = leases
        self._steps = steps
        self._at_once = at_once
        self._look = look
        self._runs: dict[UUID, tuple[JobRun, asyncio.Task[None]]] = {}
        self._stopping = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begun(self) -> None:
        """Say that there is a new job."""
        self._wake.set()

    async def start(self) -> None:
        """Begin to take jobs."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Finish the letters in hand and give the jobs back."""
        self._stopping = True
        self._wake.set()
        if self._task:
            await self._task
        for run, _ in self._runs.values():
            run.over.set()
        await asyncio.gather(*(task for _, task in self._runs.values()))
        with suppress(AgentRuntimeError):  # the leases run out by themselves
            await self._leases.release()

    async def readiness(self) -> Readiness:
        """Say yes: a job that waits says so in the log, and goes on by itself."""
        return Readiness(ready=True)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._hold()
            except AgentRuntimeError as error:
                logger.debug("jobs wait", extra={"reason": str(error)})
            except Exception:  # a replica that ended here would take no job any more
                logger.exception("jobs wait")
            await until(self._wake, self._look.total_seconds())

    async def _hold(self) -> None:
        held = {each.id: each for each in await self._leases.hold(at_most=self._at_once)}
        for job_id, (run, task) in list(self._runs.items()):
            if job_id not in held:
                run.over.set()
            if task.done():
                del self._runs[job_id]
        for job_id, job in held.items():
            if job_id not in self._runs:
                run = JobRun(job=job, steps=self._steps)
                task = asyncio.create_task(run.run(), name=f"job {job_id}")
                self._runs[job_id] = run, task
