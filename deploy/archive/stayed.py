# SPDX-License-Identifier: Apache-2.0
"""What of archived events stayed in the database, and what erasing them there left of each."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import erasures, events, streams
from shared.eventstore.blanking import blanked, new_seal
from shared.eventstore.columns import Types, parameters, rows
from shared.eventstore.entries import Place
from shared.eventstore.stored_event import StoredEvent
from shared.eventstore.tables import IDENTIFIER

PAGE = 1_000

_PLACE: Types = {"aggregate_id": IDENTIFIER, "sequence": BigInteger()}


def pages(archived: Iterable[StoredEvent]) -> Iterator[list[StoredEvent]]:
    """Give events some at a time, as many as are looked up at once."""
    following = iter(archived)
    while page := list(islice(following, PAGE)):
        yield page


async def stayed(connection: AsyncConnection, page: Sequence[StoredEvent]) -> dict[Place, Row[Any]]:
    """Return the rows of ``events`` at the places of archived ones."""
    wanted = rows(_PLACE)
    query = select(events).join(
        wanted,
        (wanted.c.aggregate_id == events.c.aggregate_id) & (wanted.c.sequence == events.c.sequence),
    )
    values = parameters(_PLACE, [(each.aggregate_id, each.sequence) for each in page])
    found = await connection.execute(query, values)
    return {Place(row.aggregate_id, row.sequence): row for row in found}


async def erased_sessions(connection: AsyncConnection) -> dict[str, datetime]:
    """Return when each session that was erased was erased last."""
    at = func.coalesce(func.max(erasures.c.erased_at), func.now())
    query = (
        select(streams.c.aggregate_id, at.label("at"))
        .outerjoin(erasures, erasures.c.aggregate_id == streams.c.aggregate_id)
        .where(streams.c.erased)
        .group_by(streams.c.aggregate_id)
    )
    return {row.aggregate_id: row.at for row in await connection.execute(query)}


def left_of(archived: StoredEvent, digest: bytes, erased_at: datetime) -> StoredEvent:
    """Return an archived event of an erased session as it has to be now.

    ``digest`` is what the database has. Erasing puts another one there for each event that is in a
    file: if it is that of the file, the file was written after that.
    """
    if archived.erased_at and archived.digest == digest:
        return archived
    value, headers = blanked(archived.value, archived.headers_json)
    is_blank = (value, headers) == (archived.value, archived.headers_json)
    if is_blank and (archived.erased_at or archived.digest == digest):
        return archived
    return archived._replace(
        value=value,
        headers_json=headers,
        digest=new_seal(),
        erased_at=archived.erased_at or erased_at,
    )
