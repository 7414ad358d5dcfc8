# SPDX-License-Identifier: Apache-2.0
"""The history of a session: its events, its timeline, its state at any point."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.causality import MAX_DEPTH, depth
from services.persistence.queries.archives import archived_parts
from services.persistence.queries.forks import ForkQueries
from services.persistence.queries.states import StateQueries
from services.persistence.queries.streams import StreamQueries
from services.persistence.store.origins import Origins
from services.persistence.tables import events, stored
from services.persistence.views.events import EventPage, event_view
from services.persistence.views.state import State, state_view
from services.persistence.views.timeline import ArchivedPart, Timeline, line
from shared.database import Database, among
from shared.eventstore import StoredEvent
from shared.eventstore.reader import EventReader


class HistoryQueries:
    """What happened in a session."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)
        self._reader = EventReader(stored)
        self._states = StateQueries(database)
        self._origins = Origins()
        self._forks = ForkQueries(database)

    async def events(self, session_id: str, *, from_sequence: int, limit: int) -> EventPage:
        """Return events with all that is known of them, also those that wait behind a gap."""
        await self._streams.require(session_id)
        async with self._database.connect() as connection:
            page, following = await self._page(connection, session_id, from_sequence, limit)
            origins = await self._origins.of(connection, page)
        items = [event_view(each, origins.get(each.sequence)) for each in page]
        return EventPage(items=items, next_sequence=following)

    async def timeline(self, session_id: str, *, from_sequence: int, limit: int) -> Timeline:
        """Return events as lines, indented by what caused them in this session."""
        head = await self._streams.require(session_id)
        async with self._database.connect() as connection:
            page, following = await self._page(connection, session_id, from_sequence, limit)
            causes = await self._causes(connection, session_id, page)
            forks = await self._begun(connection, session_id, page)
            archived = await _archived(connection, session_id, page)
        gaps = await self._streams.gaps(session_id) if head.highest > head.version else []
        return Timeline(
            session_id=session_id,
            items=[
                line(
                    each,
                    depth=depth(each.causation_id, causes),
                    forks=forks.get(each.sequence, ()),
                )
                for each in page
            ],
            gaps=gaps,
            next_sequence=following,
            erased_at=await self._streams.erased_at(session_id),
            archived=archived,
        )

    async def state(self, session_id: str, *, at: int | datetime | None) -> State:
        """Return the state of a session at an event, at a moment, or now.

        Raises:
            Problem: the session is not known, not there yet, or did not exist then.
        """
        state = await self._states.at(session_id, at)
        discarded = await self._streams.discarded(session_id, until=state.sequence)
        erased_at = await self._streams.erased_at(session_id)
        return state_view(session_id, state, discarded, erased_at)

    async def _begun(
        self, connection: AsyncConnection, session_id: str, page: Sequence[StoredEvent]
    ) -> Mapping[int, list[str]]:
        if not page:
            return {}
        first, last = page[0].sequence, page[-1].sequence
        return await self._forks.begun_at(connection, session_id, first, last)

    async def _page(
        self, connection: AsyncConnection, session_id: str, from_sequence: int, limit: int
    ) -> tuple[list[StoredEvent], int | None]:
        found = await self._reader.after(connection, session_id, from_sequence - 1, limit=limit + 1)
        following = found[limit].sequence if len(found) > limit else None
        return found[:limit], following

    async def _causes(
        self, connection: AsyncConnection, session_id: str, page: Sequence[StoredEvent]
    ) -> dict[UUID, UUID | None]:
        """Return the events of the session that lead to those of ``page``, with their causes."""
        causes = {each.event_id: each.causation_id for each in page}
        outside = {each.causation_id for each in page if each.causation_id not in causes}
        outside.discard(None)
        if outside:
            found = await connection.execute(_ancestors(session_id, outside))
            causes |= {row.event_id: row.causation_id for row in found}
        return causes


async def _archived(
    connection: AsyncConnection, session_id: str, page: Sequence[StoredEvent]
) -> list[ArchivedPart]:
    if not any(each.archived for each in page):
        return []
    return await archived_parts(connection, session_id, page[0].sequence, page[-1].sequence)


def _ancestors(session_id: str, event_ids: set[Any]) -> Any:
    """Return the query for events of a session and what led to them, as far as is shown."""
    first = select(events.c.event_id, events.c.causation_id, literal(1).label("level")).where(
        among(events.c.event_id, event_ids),
        events.c.aggregate_id == session_id,
    )
    found = first.cte("found", recursive=True)
    before = (
        select(events.c.event_id, events.c.causation_id, found.c.level + 1)
        .join(found, found.c.causation_id == events.c.event_id)
        .where(events.c.aggregate_id == session_id, found.c.level < MAX_DEPTH)
    )
    return select(found.union(before))
