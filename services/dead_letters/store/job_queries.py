# SPDX-License-Identifier: Apache-2.0
"""Reads jobs, their letters, and what became of these."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.job_views import (
    Job,
    JobChoice,
    JobLetter,
    JobLetterPage,
    JobPage,
    JobSummary,
)
from services.dead_letters.letters.job import Outcome
from services.dead_letters.letters.lifecycle import Action
from services.dead_letters.store.job_choice import in_order
from services.dead_letters.tables import actions, job_letters, jobs, letters

SUMMARY = [
    jobs.c.wait_seconds.label("wait") if name == "wait" else jobs.c[name]
    for name in JobSummary.model_fields
]


def _became(action: Action) -> ColumnElement[bool]:
    return exists().where(
        actions.c.letter_id == job_letters.c.letter_id,
        actions.c.redrive_id == job_letters.c.redrive_id,
        actions.c.action == action,
    )


OUTCOME = case(
    (job_letters.c.outcome.is_(None), Outcome.WAITING.value),
    (job_letters.c.outcome != Outcome.SENT, job_letters.c.outcome),
    (_became(Action.RESOLVED), Outcome.HANDLED.value),
    (_became(Action.FAILED_AGAIN), Outcome.CAME_BACK.value),
    else_=Outcome.SENT.value,
).label("outcome")
"""What became of a letter, by what happened to it after this very redrive of the job."""


async def job_page(connection: AsyncConnection, *, cursor: UUID | None, limit: int) -> JobPage:
    """Return jobs, the newest first."""
    query = select(*SUMMARY).order_by(jobs.c.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(jobs.c.id < cursor)
    rows = (await connection.execute(query)).mappings().all()
    items = [JobSummary.model_validate(dict(row)) for row in rows[:limit]]
    return JobPage(items=items, next=items[-1].id if len(rows) > limit else None)


async def find_job(connection: AsyncConnection, job_id: UUID) -> Job | None:
    """Return a job with what became of its letters, or None if there is none."""
    found = await connection.execute(select(*SUMMARY).where(jobs.c.id == job_id))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    return Job.model_validate({**row, "outcomes": await outcomes_of(connection, job_id)})


async def outcomes_of(
    connection: AsyncConnection, job_id: UUID, *, after: int = 0, until: int | None = None
) -> Counter[Outcome]:
    """Return how many letters of a job had which fate, of those in some places or of all."""
    conditions = [job_letters.c.job_id == job_id, job_letters.c.position > after]
    if until is not None:
        conditions.append(job_letters.c.position <= until)
    rows = await connection.execute(
        select(OUTCOME, func.count()).where(*conditions).group_by(OUTCOME)
    )
    return Counter({Outcome(outcome): number for outcome, number in rows})


async def job_exists(connection: AsyncConnection, job_id: UUID) -> bool:
    """Tell whether there is such a job."""
    return await connection.scalar(select(jobs.c.id).where(jobs.c.id == job_id)) is not None


async def job_letter_page(
    connection: AsyncConnection,
    job_id: UUID,
    *,
    after: int,
    limit: int,
    outcomes: Collection[Outcome] = (),
) -> JobLetterPage:
    """Return letters of a job behind a place, in their order; of some outcomes, or of all."""
    conditions = [job_letters.c.job_id == job_id, job_letters.c.position > after]
    if outcomes:
        conditions.append(OUTCOME.in_(outcomes))
    rows = await connection.execute(
        select(
            job_letters.c.position,
            letters.c.id,
            letters.c.service,
            letters.c.session_id,
            letters.c.sequence,
            OUTCOME,
            job_letters.c.error,
        )
        .join(letters, letters.c.id == job_letters.c.letter_id)
        .where(*conditions)
        .order_by(job_letters.c.position)
        .limit(limit + 1)
    )
    found = [JobLetter.model_validate(dict(row)) for row in rows.mappings()]
    items = found[:limit]
    return JobLetterPage(items=items, next=items[-1].position if len(found) > limit else None)


async def preview(connection: AsyncConnection, choice: JobChoice, *, limit: int) -> list[JobLetter]:
    """Return the first letters that a job would take, in order."""
    chosen = in_order(choice)
    names = ("position", "id", "service", "session_id", "sequence")
    rows = await connection.execute(
        select(*(chosen.c[name] for name in names)).order_by(chosen.c.position).limit(limit)
    )
    return [
        JobLetter.model_validate({**row, "outcome": Outcome.WAITING, "error": None})
        for row in rows.mappings()
    ]
