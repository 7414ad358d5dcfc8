# SPDX-License-Identifier: Apache-2.0
"""Takes snapshots of sessions as they grow, behind the sink, and finds the one before a point."""

from contextlib import aclosing
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.snapshot import EVERY, freeze, thaw
from services.persistence.state import FOLD, SessionState, evolve
from services.persistence.tables import snapshots, stored, streams
from shared.database import Database, among
from shared.errors import DecodingError
from shared.eventstore import Until
from shared.eventstore.reader import EventReader

AT_ONCE = 8
"""How many snapshots of a session are taken in one transaction, while its head is locked."""

_BEHIND = text(f"version >= snapshot + {EVERY} AND aggregate_id NOT LIKE 'service:%'")
"""As in the index ``streams_behind``; what a service did itself makes no session."""


class Snapshots:
    """The table ``snapshots``.

    A snapshot is of events before any gap, which never change, so it is true for ever. The head of
    the stream is locked while it is taken, so that no text is in it that is just being erased.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = EventReader(stored)
        self._unreadable = set[str]()

    async def before(
        self, connection: AsyncConnection, session_id: str, until: Until
    ) -> SessionState:
        """Return the last state at or before a point that there is a snapshot of."""
        query = _of(session_id)
        if isinstance(until, datetime):
            query = query.where(snapshots.c.latest_at <= until).order_by(
                snapshots.c.latest_at.desc()
            )
        elif until is not None:
            query = query.where(snapshots.c.sequence <= until)
        query = query.order_by(snapshots.c.sequence.desc()).limit(1)
        found: bytes | None = await connection.scalar(query)
        return SessionState() if found is None else thaw(found)

    async def advance(self) -> int:
        """Take the next snapshots of one session that has grown; return how many."""
        async with self._database.begin() as connection:
            behind = await connection.execute(self._behind())
            head = behind.one_or_none()
            if head is None:
                return 0
            try:
                return await self._take(connection, head.aggregate_id, head.version)
            except DecodingError:
                self._unreadable.add(head.aggregate_id)  # by this program: another may be newer
                return 1

    async def take_at(self, connection: AsyncConnection, session_id: str, sequence: int) -> None:
        """Take the snapshot after one event, so that those before it need not be there any more.

        Raises:
            DecodingError: an event up to there cannot be read.
        """
        state = await self.before(connection, session_id, sequence)
        if state.sequence == sequence:
            return
        pages = self._reader.pages(connection, session_id, state.sequence, last=sequence)
        async with aclosing(pages):
            async for page in pages:
                for each in page:
                    state = evolve(state, each.event())
        await connection.execute(_insert(), [_row(session_id, state)])

    def _behind(self) -> Select[*tuple[Any, ...]]:
        return (
            select(streams.c.aggregate_id, streams.c.version)
            .where(_BEHIND, ~among(streams.c.aggregate_id, self._unreadable))
            .limit(1)
            .with_for_update(skip_locked=True)
        )

    async def _take(self, connection: AsyncConnection, session_id: str, version: int) -> int:
        state = await self.before(connection, session_id, None)
        last = min(state.sequence + AT_ONCE * EVERY, version) // EVERY * EVERY
        taken: list[dict[str, Any]] = []
        pages = self._reader.pages(connection, session_id, state.sequence, last=last)
        async with aclosing(pages):
            async for page in pages:
                for each in page:
                    state = evolve(state, each.event())
                    if state.sequence % EVERY == 0:
                        taken.append(_row(session_id, state))
        if taken:
            await connection.execute(_insert(), taken)
        await connection.execute(
            update(streams).where(streams.c.aggregate_id == session_id).values(snapshot=last)
        )
        return len(taken)


def _of(session_id: str) -> Select[*tuple[Any, ...]]:
    return select(snapshots.c.state).where(
        snapshots.c.aggregate_id == session_id, snapshots.c.fold == FOLD
    )


def _row(session_id: str, state: SessionState) -> dict[str, Any]:
    return {
        "aggregate_id": session_id,
        "sequence": state.sequence,
        "fold": FOLD,
        "latest_at": state.latest_at,
        "state": freeze(state),
    }


def _insert() -> Any:
    """Return the statement; a snapshot of this fold takes the place of one of another."""
    statement = insert(snapshots)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=snapshots.primary_key.columns.keys(),
        set_={
            "fold": new.fold,
            "latest_at": new.latest_at,
            "state": new.state,
            "created_at": func.now(),
        },
    )
