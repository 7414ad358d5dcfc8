# SPDX-License-Identifier: Apache-2.0
"""Which replica works on which job: leases that run out by themselves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.job import JobKind, JobState, Progress
from services.dead_letters.tables import jobs
from shared.database import Database
from shared.errors import AgentRuntimeError

LEASE = timedelta(seconds=10)
"""After how long another replica goes on with the jobs of one that is gone."""


class JobLostError(AgentRuntimeError):
    """The job has ended, or another replica has taken it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJob:
    """A job as it was when this process took hold of it."""

    id: UUID
    progress: Progress
    operator: str
    reason: str
    rate: float | None
    stop_on_failures: float
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLeases:
    """The jobs that ``owner`` holds; time is that of the database."""

    database: Database
    owner: str
    lease: timedelta = LEASE

    async def hold(self, *, at_most: int) -> list[HeldJob]:
        """Keep the jobs that are held, take others that nobody works on, and return all of them."""
        async with self.database.begin() as connection:
            held = await self._lease(connection, jobs.c.owner == self.owner)
            free = (
                select(jobs.c.id)
                .where(
                    jobs.c.state == JobState.RUNNING,
                    or_(jobs.c.owner.is_(None), jobs.c.lease_until < func.now()),
                )
                .order_by(jobs.c.id)
                .limit(max(0, at_most - len(held)))
                .with_for_update(skip_locked=True)
            )
            return held + await self._lease(connection, jobs.c.id.in_(free))

    async def _lease(
        self, connection: AsyncConnection, which: ColumnElement[bool]
    ) -> list[HeldJob]:
        rows = await connection.execute(
            update(jobs)
            .where(jobs.c.state == JobState.RUNNING, which)
            .values(owner=self.owner, lease_until=func.now() + self.lease)
            .returning(jobs)
        )
        return [_held(row) for row in rows]

    async def release(self) -> None:
        """Give all jobs back, so that another replica need not wait for the leases to run out."""
        async with self.database.begin() as connection:
            await connection.execute(
                update(jobs).where(jobs.c.owner == self.owner).values(owner=None, lease_until=None)
            )

    @asynccontextmanager
    async def locked(self, job_id: UUID) -> AsyncGenerator[tuple[AsyncConnection, HeldJob]]:
        """Give a transaction in which the job is ours, and the job as it is now.

        Raises:
            JobLostError: it is not ours any more.
        """
        mine = (
            jobs.c.id == job_id,
            jobs.c.owner == self.owner,
            jobs.c.state == JobState.RUNNING,
        )
        async with self.database.begin() as connection:
            found = await connection.execute(select(jobs).where(*mine).with_for_update())
            row = found.one_or_none()
            if row is None:
                raise JobLostError(f"the job {job_id} is not ours any more")
            yield connection, _held(row)


def _held(row: Any) -> HeldJob:
    return HeldJob(
        id=row.id,
        progress=Progress(
            kind=JobKind(row.kind),
            letters=row.letters,
            done=row.done,
            judged=row.judged,
            batch=row.batch,
        ),
        operator=row.operator,
        reason=row.reason,
        rate=row.rate,
        stop_on_failures=row.stop_on_failures,
        wait=timedelta(seconds=row.wait_seconds),
    )
