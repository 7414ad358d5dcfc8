# SPDX-License-Identifier: Apache-2.0
"""The steps of a job, each in one transaction that only the holder of its lease can commit."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.job import Fates, JobKind, Outcome, Progress
from services.dead_letters.store.answers import Answer, Refusal, conflict
from services.dead_letters.store.discarding import Discarding
from services.dead_letters.store.job_ending import complete_job, stop_job
from services.dead_letters.store.job_leases import HeldJob, JobLeases
from services.dead_letters.store.job_queries import outcomes_of
from services.dead_letters.store.locked_letter import lock_letter
from services.dead_letters.store.recorder import Recorder
from services.dead_letters.store.redriving import Redriving
from services.dead_letters.store.returns import DESK
from services.dead_letters.tables import job_letters, jobs
from services.dead_letters.views import DiscardRequest, RedriveRequest
from shared.clock import Clock, SystemClock
from shared.errors import PermanentError
from shared.telemetry import Instruments

DONE = {JobKind.REDRIVE: Outcome.SENT, JobKind.DISCARD: Outcome.DISCARDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """Sends or gives up the letters of a job, one after the other.

    A letter is sent, its outcome noted and the job moved on in one transaction, which begins with
    the lock of the job's row and a look at its lease: after a crash the next replica goes on with
    the letter after the last one, and one that had only been slow can commit nothing any more.
    """

    leases: JobLeases
    redriving: Redriving
    discarding: Discarding
    recorder: Recorder
    instruments: Instruments
    committed: Callable[[], None]
    clock: Clock = field(default_factory=SystemClock)

    async def progress(self, job_id: UUID) -> Progress:
        """Return how far the job is.

        Raises:
            JobLostError: the job is not ours any more.
        """
        async with self.leases.locked(job_id) as (_, job):
            return job.progress

    async def act(self, job_id: UUID) -> Progress:
        """Take the next letter; where the desk refuses, that is its outcome.

        Raises:
            JobLostError: the job is not ours any more.
        """
        try:
            async with self.leases.locked(job_id) as (connection, job):
                answer = await self._act_on_next(connection, job)
                await _note(connection, job, answer)
        except PermanentError as error:
            async with self.leases.locked(job_id) as (connection, job):
                answer = conflict(str(error))
                await _note(connection, job, answer)
        if not isinstance(answer, Refusal):
            self.instruments.redrives.add(1, {"result": DONE[job.progress.kind]})
            self.committed()
        return replace(job.progress, done=job.progress.done + 1)

    async def _act_on_next(self, connection: AsyncConnection, job: HeldJob) -> Answer:
        chosen = (
            await connection.execute(
                select(job_letters).where(
                    job_letters.c.job_id == job.id,
                    job_letters.c.position == job.progress.done + 1,
                )
            )
        ).one()
        letter = await lock_letter(connection, chosen.letter_id)
        if letter is None:
            return conflict("the letter is gone")
        now = self.clock.now()
        if job.progress.kind is JobKind.DISCARD:
            give_up = DiscardRequest(operator=job.operator, reason=job.reason)
            return await self.discarding.act(connection, letter, give_up, now)
        send = RedriveRequest(
            operator=job.operator, reason=job.reason, redrive_count=chosen.redrive_count
        )
        return await self.redriving.act(connection, letter, send, now)

    async def fates(self, job_id: UUID, progress: Progress) -> Fates:
        """Return what became of the letters that were sent since the job was judged last."""
        async with self.leases.database.connect() as connection:
            found = await outcomes_of(
                connection, job_id, after=progress.judged, until=progress.done
            )
        handled, came_back = found[Outcome.HANDLED], found[Outcome.CAME_BACK]
        sent = found[Outcome.SENT] + handled + came_back
        return Fates(sent=sent, handled=handled, came_back=came_back)

    async def approve(self, job_id: UUID) -> Progress:
        """Note that what was sent so far was good enough to go on.

        Raises:
            JobLostError: the job is not ours any more.
        """
        async with self.leases.locked(job_id) as (connection, job):
            await connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(judged=jobs.c.done)
            )
        return replace(job.progress, judged=job.progress.done)

    async def stop(self, job_id: UUID, why: str) -> None:
        """Stop a job of which too much came back.

        Raises:
            JobLostError: the job is not ours any more.
        """
        now = self.clock.now()
        async with self.leases.locked(job_id) as (connection, _):
            await stop_job(connection, self.recorder, job_id, operator=DESK, reason=why, now=now)
        self.committed()

    async def complete(self, job_id: UUID) -> None:
        """End a job whose letters are all done.

        Raises:
            JobLostError: the job is not ours any more.
        """
        async with self.leases.locked(job_id) as (connection, _):
            await complete_job(connection, self.recorder, job_id, now=self.clock.now())
        self.committed()


async def _note(connection: AsyncConnection, job: HeldJob, answer: Answer) -> None:
    position = job.progress.done + 1
    noted: dict[str, object]
    if isinstance(answer, Refusal):
        noted = {"outcome": Outcome.REFUSED, "error": answer.detail}
    else:
        noted = {"outcome": DONE[job.progress.kind], "redrive_id": answer.redrive_id}
    await connection.execute(
        update(job_letters)
        .where(job_letters.c.job_id == job.id, job_letters.c.position == position)
        .values(**noted)
    )
    await connection.execute(update(jobs).where(jobs.c.id == job.id).values(done=position))
