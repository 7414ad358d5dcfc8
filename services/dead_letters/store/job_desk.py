# SPDX-License-Identifier: Apache-2.0
"""What an operator does with many letters: begin a job, and stop one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.job_views import MAX_LETTERS, Job, JobRequest, JobStarted, StopRequest
from services.dead_letters.letters.job import JobState
from services.dead_letters.store.answers import Refusal, Request, answer_once, conflict
from services.dead_letters.store.job_choice import how_many, keep_choice
from services.dead_letters.store.job_ending import stop_job
from services.dead_letters.store.job_queries import find_job, preview
from services.dead_letters.store.recorder import AGGREGATE, Recorder
from services.dead_letters.tables import jobs
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.events import DeadLetterJobStarted
from shared.ids import new_id

SHOWN = 1000
"""How many letters a dry run names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDesk:
    """Each action is one transaction: the job, its letters, what is published, the answer."""

    database: Database
    recorder: Recorder
    committed: Callable[[], None]
    begun: Callable[[], None]
    """Told of a new job, so that this process need not wait until it looks for one."""

    clock: Clock = field(default_factory=SystemClock)

    async def start(self, wish: JobRequest, *, key: str | None) -> JobStarted | Refusal:
        """Begin a job with the letters that meet its choice now, or say which these are."""
        now = self.clock.now()
        request = Request(key=key, what=f"job {wish.model_dump_json()}", at=now)
        async with self.database.begin() as connection:
            answer = await answer_once(
                connection, request, lambda: self._start(connection, wish, now), JobStarted
            )
        if isinstance(answer, JobStarted) and answer.job:
            self.committed()
            self.begun()
        return answer

    async def _start(
        self, connection: AsyncConnection, wish: JobRequest, now: datetime
    ) -> JobStarted | Refusal:
        letters = await how_many(connection, wish.choice)
        if letters > MAX_LETTERS:
            return conflict(f"{letters} letters are too many for one job, choose {MAX_LETTERS}")
        if wish.dry_run:
            first = await preview(connection, wish.choice, limit=SHOWN)
            return JobStarted(dry_run=True, letters=letters, items=first)
        job_id = new_id()
        await connection.execute(insert(jobs).values(**_row(job_id, wish, now)))
        letters = await keep_choice(connection, job_id, wish.choice)
        await connection.execute(jobs.update().where(jobs.c.id == job_id).values(letters=letters))
        await self.recorder.event(connection, _started(job_id, wish, letters))
        return JobStarted(dry_run=False, letters=letters, job=await find_job(connection, job_id))

    async def stop(self, job_id: UUID, wish: StopRequest, *, key: str | None) -> Job | Refusal:
        """End a job where it is; what it has sent stays sent, the other letters as they are."""
        now = self.clock.now()
        request = Request(key=key, what=f"stop {job_id} {wish.model_dump_json()}", at=now)
        async with self.database.begin() as connection:
            answer = await answer_once(
                connection, request, lambda: self._stop(connection, job_id, wish, now), Job
            )
        self.committed()
        return answer

    async def _stop(
        self, connection: AsyncConnection, job_id: UUID, wish: StopRequest, now: datetime
    ) -> Job | Refusal:
        state = await connection.scalar(
            select(jobs.c.state).where(jobs.c.id == job_id).with_for_update()
        )
        if state is None:
            return Refusal(status=404, title="Not Found", detail=f"there is no job {job_id}")
        if state != JobState.RUNNING:
            return conflict(f"the job is {state}; only one that runs can be stopped")
        await stop_job(
            connection, self.recorder, job_id, operator=wish.operator, reason=wish.reason, now=now
        )
        stopped = await find_job(connection, job_id)
        return stopped or Refusal(status=404, title="Not Found", detail=f"no job {job_id}")


def _row(job_id: UUID, wish: JobRequest, now: datetime) -> dict[str, object]:
    return {
        "id": job_id,
        "kind": wish.kind,
        "state": JobState.RUNNING,
        "operator": wish.operator,
        "reason": wish.reason,
        "choice": _said(wish),
        "rate": wish.rate,
        "batch": wish.batch,
        "stop_on_failures": wish.stop_on_failures,
        "wait_seconds": wish.wait,
        "letters": 0,
        "done": 0,
        "judged": 0,
        "started_at": now,
    }


def _said(wish: JobRequest) -> dict[str, str]:
    said = wish.choice.model_dump(mode="json", exclude_none=True)
    return {name: str(value) for name, value in said.items()}


def _started(job_id: UUID, wish: JobRequest, letters: int) -> DeadLetterJobStarted:
    return DeadLetterJobStarted(
        aggregate_id=AGGREGATE,
        job_id=str(job_id),
        kind=wish.kind.value,
        letters=letters,
        choice=_said(wish),
        operator=wish.operator,
        reason=wish.reason,
    )
