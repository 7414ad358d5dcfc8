# SPDX-License-Identifier: Apache-2.0
"""Erases what a session says, and folds it again from what is left."""

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Self

from sqlalchemy import BindParameter, Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections import Rows, project
from services.persistence.store.archived import is_archived
from services.persistence.store.read_models import ReadModels
from services.persistence.store.remains import remains_of
from services.persistence.tables import stored, streams
from shared.errors import DecodingError
from shared.events import Event, SessionErased, SessionErasedEvent
from shared.events.content import KEPT
from shared.eventstore.reader import EventReader
from shared.messaging.headers import KEPT_HEADERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Which session is erased, who has it erased, and why."""

    session_id: str
    by: str
    reason: str

    @classmethod
    def ordered(cls, event: SessionErased | SessionErasedEvent) -> Self:
        """Return what an order says."""
        if isinstance(event, SessionErased):
            by, reason = event.erased_by, event.erasure_reason
        else:
            by, reason = event.operator, event.reason
        return cls(session_id=event.aggregate_id, by=by, reason=reason)


def orders(events: Iterable[Event]) -> list[Erasure]:
    """Return which sessions were ordered to be erased; the domain event says it best."""
    found: dict[str, Erasure] = {}
    for each in events:
        if isinstance(each, SessionErased):
            found[each.aggregate_id] = Erasure.ordered(each)
        elif isinstance(each, SessionErasedEvent) and each.aggregate_id == each.session_id:
            found.setdefault(each.aggregate_id, Erasure.ordered(each))
    return list(found.values())


class Erasing:
    """Erases in the transaction of the caller, whatever is missing before the order.

    The database does it: the role of this service can change no event. What comes later is erased
    on its way in, since the head of the stream remembers it.
    """

    def __init__(self, read_models: ReadModels) -> None:
        self._reader = EventReader(stored)
        self._read_models = read_models

    async def erase(self, connection: AsyncConnection, erasure: Erasure) -> None:
        """Erase a session whose head the caller has locked."""
        session_id = erasure.session_id
        away = await is_archived(connection, session_id)
        remains = await remains_of(connection, session_id) if away else None
        await connection.execute(
            select(
                func.persistence.erase_session(
                    session_id,
                    _texts(KEPT),
                    _texts(KEPT_HEADERS),
                    erasure.by,
                    erasure.reason,
                )
            )
        )
        if remains:
            await remains.put_back(connection, self._read_models)
        else:
            await self._fold(connection, session_id)

    async def _fold(self, connection: AsyncConnection, session_id: str) -> None:
        """Fill the read models of a session again; a rebuild that goes on sees to its own."""
        query = select(streams.c.version).where(streams.c.aggregate_id == session_id)
        version: int = (await connection.execute(query)).scalar_one()
        pages = self._reader.pages(connection, session_id, last=version)
        async with aclosing(pages):
            async for page in pages:
                rows = Rows()
                for each in page:
                    try:
                        project(each.event(), rows)
                    except DecodingError:  # it cannot be read, and is erased all the same
                        continue
                await self._read_models.apply(connection, rows)


def _texts(names: Iterable[str]) -> BindParameter[Sequence[str]]:
    return literal(sorted(names), ARRAY(Text))
