# SPDX-License-Identifier: Apache-2.0
"""Which letters a job takes, and in which order."""

from uuid import UUID

from sqlalchemy import Select, Subquery, Text, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.job_views import JobChoice
from services.dead_letters.letters.lifecycle import Status
from services.dead_letters.store.letter_queries import conditions
from services.dead_letters.tables import job_letters, letters

CHOSEN = [letters.c[name] for name in ("id", "service", "session_id", "sequence", "redrive_count")]


def in_order(choice: JobChoice) -> Subquery:
    """Return the letters with their ``position``, from 1: the session that failed first first.

    A session is taken as a whole, each by sequence, so that no later event of it is sent before an
    earlier one. What has no place in its session comes behind what has, by its first failure.
    """
    service = func.coalesce(letters.c.service, "")
    stream = func.coalesce(letters.c.aggregate_id, letters.c.session_id, cast(letters.c.id, Text))
    streams = (
        _waiting(choice)
        .add_columns(
            service.label("owner"),
            stream.label("stream"),
            letters.c.first_failed_at,
            func.min(letters.c.first_failed_at)
            .over(partition_by=[service, stream])
            .label("stream_failed_at"),
        )
        .subquery()
    )
    position = func.row_number().over(
        order_by=[
            streams.c.stream_failed_at,
            streams.c.owner,
            streams.c.stream,
            streams.c.sequence.asc().nulls_last(),
            streams.c.first_failed_at,
            streams.c.id,
        ]
    )
    return select(streams, position.label("position")).subquery()


def _waiting(choice: JobChoice) -> Select[tuple[object, ...]]:
    waiting = choice.model_copy(update={"status": choice.status or Status.OPEN})
    return select(*CHOSEN).where(*conditions(waiting))


async def how_many(connection: AsyncConnection, choice: JobChoice) -> int:
    """Return how many letters a job would take."""
    chosen = _waiting(choice).subquery()
    return await connection.scalar(select(func.count()).select_from(chosen)) or 0


async def keep_choice(connection: AsyncConnection, job_id: UUID, choice: JobChoice) -> int:
    """Write down which letters the job takes, each as it is now; return how many."""
    chosen = in_order(choice)
    kept = await connection.execute(
        insert(job_letters).from_select(
            ["job_id", "position", "letter_id", "redrive_count"],
            select(literal(job_id), chosen.c.position, chosen.c.id, chosen.c.redrive_count),
        )
    )
    return kept.rowcount
