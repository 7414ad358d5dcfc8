# SPDX-License-Identifier: Apache-2.0
"""Work on many letters over HTTP: the desk does it by itself, and says how far it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from services.dead_letters.job_views import (
    MAX_LETTERS,
    Job,
    JobLetterPage,
    JobPage,
    JobRequest,
    JobStarted,
    StopRequest,
)
from services.dead_letters.letters.job import Outcome
from services.dead_letters.store.answers import Refusal
from services.dead_letters.store.job_desk import JobDesk
from services.dead_letters.store.job_queries import find_job, job_exists, job_letter_page, job_page
from shared.database import Database
from shared.http import Problem

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)
]
Limit = Annotated[int, Query(ge=1, le=1000)]
Position = Annotated[int, Query(ge=0, le=MAX_LETTERS)]


def jobs_router(database: Database, desk: JobDesk) -> APIRouter:
    """Return the routes of jobs."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

    @router.post("")
    async def start_job(wish: JobRequest, key: IdempotencyKey = None) -> JobStarted:
        """Redrive or discard the letters that meet the choice now, session by session."""
        answer = await desk.start(wish, key=key)
        if isinstance(answer, Refusal):
            raise _problem(answer)
        return answer

    @router.get("")
    async def list_jobs(cursor: UUID | None = None, limit: Limit = 50) -> JobPage:
        """Return jobs, the newest first."""
        async with database.connect() as connection:
            return await job_page(connection, cursor=cursor, limit=limit)

    @router.get("/{job_id}")
    async def get_job(job_id: UUID) -> Job:
        """Return a job: how far it is, what became of its letters, and why it ended."""
        async with database.connect() as connection:
            found = await find_job(connection, job_id)
        if found is None:
            raise _unknown(job_id)
        return found

    @router.get("/{job_id}/letters")
    async def list_job_letters(
        job_id: UUID,
        outcome: Annotated[list[Outcome], Query(max_length=len(Outcome))] = [],  # noqa: B006 -- FastAPI copies it
        after: Position = 0,
        limit: Limit = 500,
    ) -> JobLetterPage:
        """Return the letters of a job in the order in which they are taken."""
        async with database.connect() as connection:
            if not await job_exists(connection, job_id):
                raise _unknown(job_id)
            return await job_letter_page(
                connection, job_id, after=after, limit=limit, outcomes=outcome
            )

    @router.post("/{job_id}/stop")
    async def stop_job(job_id: UUID, wish: StopRequest, key: IdempotencyKey = None) -> Job:
        """End a job where it is; what it has sent stays sent."""
        answer = await desk.stop(job_id, wish, key=key)
        if isinstance(answer, Refusal):
            raise _problem(answer)
        return answer

    return router


def _unknown(job_id: UUID) -> Problem:
    return Problem(404, "Not Found", f"there is no job {job_id}")


def _problem(refusal: Refusal) -> Problem:
    return Problem(refusal.status, refusal.title, refusal.detail)
