# SPDX-License-Identifier: Apache-2.0
"""Which file has what an event said, since it is not in the database any more."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import archives
from services.persistence.views.timeline import ArchivedPart
from shared.eventstore import StoredEvent


async def archived_parts(
    connection: AsyncConnection, page: Iterable[StoredEvent]
) -> list[ArchivedPart]:
    """Return which of these events are in which file, by month."""
    parts: list[ArchivedPart] = []
    away = [each for each in page if each.archived]
    if not away:
        return parts
    for row in await connection.execute(select(archives).order_by(archives.c.month)):
        inside = [each.sequence for each in away if row.begins_at <= each.recorded_at < row.ends_at]
        if inside:
            parts.append(
                ArchivedPart(
                    month=row.month,
                    file=row.file,
                    first=min(inside),
                    last=max(inside),
                    events=len(inside),
                )
            )
    return parts
