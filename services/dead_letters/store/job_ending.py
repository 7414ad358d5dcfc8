# SPDX-License-Identifier: Apache-2.0
"""Ends a job, and records that it did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.job import JobState, Outcome
from services.dead_letters.store.job_queries import outcomes_of
from services.dead_letters.store.recorder import AGGREGATE, Recorder
from services.dead_letters.tables import jobs
from shared.events import DeadLetterJobCompleted, DeadLetterJobStopped


async def stop_job(
    connection: AsyncConnection,
    recorder: Recorder,
    job_id: UUID,
    *,
    operator: str,
    reason: str,
    now: datetime,
) -> None:
    """Stop a job whose row is locked."""
    row = await _end(connection, job_id, JobState.STOPPED, by=operator, why=reason, now=now)
    event = DeadLetterJobStopped(**_about(row), done=row.done, operator=operator, reason=reason)
    await recorder.event(connection, event)


async def complete_job(
    connection: AsyncConnection, recorder: Recorder, job_id: UUID, *, now: datetime
) -> None:
    """Complete a job whose row is locked."""
    row = await _end(connection, job_id, JobState.COMPLETED, by=None, why=None, now=now)
    outcomes = await outcomes_of(connection, job_id)
    event = DeadLetterJobCompleted(
        **_about(row),
        refused=outcomes[Outcome.REFUSED],
        operator=row.operator,
        reason=row.reason,
    )
    await recorder.event(connection, event)


async def _end(
    connection: AsyncConnection,
    job_id: UUID,
    state: JobState,
    *,
    by: str | None,
    why: str | None,
    now: datetime,
) -> Any:
    ended = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(state=state, ended_at=now, ended_by=by, why_ended=why, owner=None, lease_until=None)
        .returning(jobs)
    )
    return ended.one()


def _about(row: Any) -> dict[str, Any]:
    return {
        "aggregate_id": AGGREGATE,
        "job_id": str(row.id),
        "kind": row.kind,
        "letters": row.letters,
    }
