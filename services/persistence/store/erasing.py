# SPDX-License-Identifier: Apache-2.0
"""Erases what a session says, and folds it again from what is left."""

from collections.abc import Iterable, Sequence
from contextlib import aclosing

from sqlalchemy import BindParameter, Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections import Rows, project
from services.persistence.store.read_models import ReadModels
from services.persistence.tables import stored, streams
from shared.errors import DecodingError
from shared.events import Event, SessionErased, SessionErasedEvent
from shared.events.content import KEPT
from shared.eventstore.reader import EventReader
from shared.messaging.headers import KEPT_HEADERS

Order = SessionErased | SessionErasedEvent


def orders(events: Iterable[Event]) -> dict[str, Order]:
    """Return who ordered which sessions to be erased, by session."""
    found: dict[str, Order] = {}
    for each in events:
        if isinstance(each, SessionErased):
            found[each.aggregate_id] = each
        elif isinstance(each, SessionErasedEvent) and each.aggregate_id == each.session_id:
            found.setdefault(each.aggregate_id, each)
    return found


class Erasing:
    """Erases in the transaction in which the order is stored, whatever is missing before it.

    The database does it: the role of this service can change no event. What comes later is erased
    on its way in, since the head of the stream remembers it.
    """

    def __init__(self, read_models: ReadModels) -> None:
        self._reader = EventReader(stored)
        self._read_models = read_models

    async def erase(self, connection: AsyncConnection, order: Order) -> None:
        """Erase a session whose head the caller has locked."""
        session_id = order.aggregate_id
        await connection.execute(
            select(
                func.persistence.erase_session(
                    session_id, _texts(KEPT), _texts(KEPT_HEADERS), *_signed(order)
                )
            )
        )
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
                    except DecodingError:  # archived, or unreadable: it is erased all the same
                        continue
                await self._read_models.apply(connection, rows)


def _texts(names: Iterable[str]) -> BindParameter[Sequence[str]]:
    return literal(sorted(names), ARRAY(Text))


def _signed(order: Order) -> tuple[str, str]:
    if isinstance(order, SessionErased):
        return order.erased_by, order.erasure_reason
    return order.operator, order.reason
