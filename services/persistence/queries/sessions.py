# SPDX-License-Identifier: Apache-2.0
"""Finds sessions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_

from services.persistence.queries.cursor import read_place, write_place
from services.persistence.queries.streams import StreamQueries
from services.persistence.tables import SIMPLE, WORDS, erasures, messages, sessions
from services.persistence.views.erasures import Erased
from services.persistence.views.read_models import Session, SessionDetail
from services.persistence.views.view import Page
from shared.database import Database


class SessionQueries:
    """Sessions, the newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)

    async def page(
        self,
        *,
        state: str | None,
        agent: str | None,
        created_by: str | None = None,
        forked_from: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Session]:
        """Return sessions that meet all that is given.

        Those created from ``since`` on and before ``until``; the words of ``text`` are looked for
        in messages, as in a search engine: ``"in a row"``, ``this or that``, ``-without``.
        """
        query = (
            select(sessions)
            .where(
                *_equal(
                    {
                        "state": state,
                        "agent": agent,
                        "created_by": created_by,
                        "forked_from": forked_from,
                    }
                ),
                *_created(since, until),
                *_saying(text),
            )
            .order_by(sessions.c.created_at.desc(), sessions.c.session_id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            place = tuple_(sessions.c.created_at, sessions.c.session_id)
            query = query.where(place < read_place(cursor))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        items = [Session.model_validate(row) for row in rows[:limit]]
        more = len(rows) > limit
        following = write_place(items[-1].created_at, items[-1].session_id) if more else None
        return Page[Session](items=items, next=following)

    async def find(self, session_id: str) -> SessionDetail:
        """Return a session, and what is missing of it.

        Raises:
            Problem: nothing is known of it, or not its first event.
        """
        head = await self._streams.require(session_id)
        gaps = await self._streams.gaps(session_id) if head.highest > head.version else []
        discarded = await self._streams.discarded(session_id, until=head.highest)
        async with self._database.connect() as connection:
            query = select(sessions).where(sessions.c.session_id == session_id)
            row = (await connection.execute(query)).mappings().one_or_none()
            erasure = (await connection.execute(_erasure(session_id))).one_or_none()
        if row is None:
            raise self._streams.not_yet(session_id, head)
        missing = {"stored_until": head.highest, "gaps": gaps, "discarded": discarded}
        erased = Erased.model_validate(erasure) if erasure else None
        return SessionDetail.model_validate({**row, **missing, "erasure": erased})


def _erasure(session_id: str) -> Select[*tuple[Any, ...]]:
    return (
        select(erasures)
        .where(erasures.c.aggregate_id == session_id)
        .order_by(erasures.c.erased_at)
        .limit(1)
    )


def _equal(wanted: Mapping[str, str | None]) -> list[ColumnElement[bool]]:
    return [sessions.c[name] == value for name, value in wanted.items() if value is not None]


def _created(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(sessions.c.created_at >= since)
    if until is not None:
        conditions.append(sessions.c.created_at < until)
    return conditions


def _saying(text: str | None) -> list[ColumnElement[bool]]:
    if text is None:
        return []
    query = func.websearch_to_tsquery(SIMPLE, text)
    said = WORDS.bool_op("@@")(query)
    return [exists().where(messages.c.session_id == sessions.c.session_id, said)]
