# SPDX-License-Identifier: Apache-2.0
"""Reads letters by what they have in common, and counts them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Label, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.store.letter_queries import conditions
from services.dead_letters.tables import actions, deliveries, letters
from services.dead_letters.views import Counts, Filters, Group, GroupPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How many letters of a consumer group there are, and how many causes the open ones have."""

    consumer_group: str | None
    by_status: Mapping[Status, int]
    open_fingerprints: int


async def group_page(connection: AsyncConnection, filters: Filters) -> GroupPage:
    """Return the groups of the letters that meet the filters, the one that failed last first."""
    newest = func.array_agg(aggregate_order_by(letters.c.id, letters.c.id.desc()))
    last_failed_at = func.max(letters.c.failed_at).label("last_failed_at")
    grouped = (
        select(
            letters.c.fingerprint,
            func.count().label("letters"),
            func.count(letters.c.session_id.distinct()).label("sessions"),
            func.min(letters.c.first_failed_at).label("first_failed_at"),
            last_failed_at,
            newest[1].label("sample_id"),
            *_by_status(),
        )
        .where(*conditions(filters))
        .group_by(letters.c.fingerprint)
        .order_by(last_failed_at.desc(), letters.c.fingerprint)
        .limit(filters.limit)
        .subquery()
    )
    sample = letters.alias("sample")
    rows = await connection.execute(
        select(
            grouped,
            sample.c.service,
            sample.c.kind,
            sample.c.error_class,
            sample.c.error_message,
        )
        .join(sample, sample.c.id == grouped.c.sample_id)
        .order_by(grouped.c.last_failed_at.desc(), grouped.c.fingerprint)
    )
    return GroupPage(items=[_group(dict(row)) for row in rows.mappings()])


def _by_status() -> list[Label[int]]:
    return [
        func.count().filter(letters.c.status == status).label(status.value) for status in Status
    ]


def _group(row: dict[str, object]) -> Group:
    by_status = {status: row.pop(status.value) for status in Status}
    return Group.model_validate({**row, "by_status": by_status})


async def counts(connection: AsyncConnection) -> Counts:
    """Return how many letters there are, and of which sort."""
    rows = await connection.execute(
        select(letters.c.status, letters.c.service, letters.c.kind, func.count()).group_by(
            letters.c.status, letters.c.service, letters.c.kind
        )
    )
    by_status = Counter[Status](dict.fromkeys(Status, 0))
    by_service, by_kind = Counter[str](), Counter[str]()
    for status, service, kind, number in rows:
        by_status[Status(status)] += number
        by_service[service or "unknown"] += number
        by_kind[kind] += number
    redriven = select(func.count()).where(actions.c.action == Action.REDRIVEN)
    return Counts(
        letters=by_status.total(),
        deliveries=await connection.scalar(select(func.count()).select_from(deliveries)) or 0,
        redrives=await connection.scalar(redriven) or 0,
        by_status=by_status,
        by_service=by_service,
        by_kind=by_kind,
    )


async def depths(connection: AsyncConnection) -> list[Depth]:
    """Return how many letters there are of each consumer group that has any."""
    fingerprints = func.count(letters.c.fingerprint.distinct())
    rows = await connection.execute(
        select(
            letters.c.consumer_group,
            fingerprints.filter(letters.c.status == Status.OPEN).label("fingerprints"),
            *_by_status(),
        ).group_by(letters.c.consumer_group)
    )
    return [
        Depth(
            consumer_group=row["consumer_group"],
            by_status={status: row[status.value] for status in Status},
            open_fingerprints=row["fingerprints"],
        )
        for row in rows.mappings()
    ]
