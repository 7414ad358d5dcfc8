# SPDX-License-Identifier: Apache-2.0
"""Erases what came with an import, of which no orchestrator here knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.store.announcements import UNTOLD, announce
from services.persistence.store.anomalies import DUPLICATE
from services.persistence.store.erasing import Erasing, Erasure
from services.persistence.tables import (
    anomalies,
    erasures,
    events,
    imports,
    sessions,
    stored,
    streams,
)
from shared.database import Database
from shared.errors import ConflictError, NotFoundError
from shared.events import HistoryErased
from shared.eventstore.streams import Streams

MAX_FORKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedImport:
    """An erased session, where it came from, and its forks here that still have what was said."""

    session_id: str
    erased_at: datetime | None
    last_sequence: int
    installations: Sequence[str]
    forks: Sequence[str]


class ImportErasing:
    """Erases sessions that are here by import alone.

    One that came over a topic is also in other services and on Kafka, and its orchestrator would
    write down more of it: that one orders everybody to erase, this service too.
    """

    def __init__(self, database: Database, erasing: Erasing) -> None:
        self._database = database
        self._erasing = erasing
        self._streams = Streams(stored)

    async def erase(self, erasure: Erasure) -> ErasedImport:
        """Erase a session for good; one that is erased already stays as it is.

        It is told in the same transaction. What is imported of it later loses its content on the
        way in, as the head of the stream remembers it.

        Raises:
            NotFoundError: nothing is stored of it.
            ConflictError: it belongs to this installation.
        """
        session_id = erasure.session_id
        async with self._database.begin() as connection:
            head = (await self._streams.lock(connection, [session_id]))[session_id]
            if not head.highest:
                raise NotFoundError(f"nothing is stored of session {session_id!r}")
            await _require_foreign(connection, session_id)
            if not head.erased:
                await self._erasing.erase(connection, erasure)
                await announce(connection, _told(erasure, head.highest))
            return await _erased(connection, session_id, head.highest)


def _told(erasure: Erasure, events: int) -> HistoryErased:
    return HistoryErased(
        aggregate_id=UNTOLD,
        operator=erasure.by,
        reason=erasure.reason,
        erased_session_id=erasure.session_id,
        events=events,
    )


async def _require_foreign(connection: AsyncConnection, session_id: str) -> None:
    """Refuse a session of which a record came over a topic here, be it one that was imported."""
    imported = exists().where(imports.c.aggregate_id == session_id)
    came = exists().where(events.c.aggregate_id == session_id, events.c.topic.is_not(None))
    again = exists().where(
        anomalies.c.aggregate_id == session_id,
        anomalies.c.kind == DUPLICATE,
        anomalies.c.topic.is_not(None),
    )
    if not await connection.scalar(select(imported & ~came & ~again)):
        raise ConflictError(
            f"session {session_id!r} is not here by import alone: the orchestrator has to erase it"
            f" (POST /v1/sessions/{session_id}/erase there), so that every service does"
        )


async def _erased(connection: AsyncConnection, session_id: str, last: int) -> ErasedImport:
    erased_at = select(func.min(erasures.c.erased_at)).where(erasures.c.aggregate_id == session_id)
    installations = select(imports.c.installation).where(imports.c.aggregate_id == session_id)
    forks = (
        select(sessions.c.session_id)
        .join(streams, streams.c.aggregate_id == sessions.c.session_id)
        .where(sessions.c.forked_from == session_id, ~streams.c.erased)
        .order_by(sessions.c.created_at, sessions.c.session_id)
        .limit(MAX_FORKS)
    )
    return ErasedImport(
        session_id=session_id,
        erased_at=await connection.scalar(erased_at),
        last_sequence=last,
        installations=sorted(set(await connection.scalars(installations))),
        forks=list(await connection.scalars(forks)),
    )
