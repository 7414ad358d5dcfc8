# SPDX-License-Identifier: Apache-2.0
"""How much is stored."""

from collections import Counter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.store.anomalies import DISCARDED, DUPLICATE
from services.persistence.tables import anomalies, event_counts, events, sessions, streams
from services.persistence.views.counts import Counts
from shared.database import Database


class CountQueries:
    """Figures over everything, without reading the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self) -> Counts:
        """Return the figures, all of one moment."""
        async with self._database.begin() as connection:
            await connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            by_type = await _pairs(connection, _by_type())
            by_state = await _pairs(connection, _by_state())
            flow = (await connection.execute(_flow())).one()
            noted = (await connection.execute(_noted())).one()
            messages = await connection.scalar(select(func.sum(sessions.c.messages)))
        by_level = Counter[str]()
        for name, number in by_type.items():
            by_level[name.split(".")[1]] += number
        return Counts(
            events=sum(by_type.values()),
            events_by_type=by_type,
            events_by_level=by_level,
            sessions=sum(by_state.values()),
            sessions_by_state=by_state,
            messages=int(messages or 0),
            streams=flow.streams,
            open_gaps=flow.open_gaps,
            missing_events=flow.beyond - flow.waiting,
            waiting_events=flow.waiting,
            duplicates=noted.duplicates,
            discarded=noted.discarded,
            conflicts=noted.conflicts,
        )


async def _pairs(connection: AsyncConnection, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(query)}


def _by_type() -> Select[*tuple[Any, ...]]:
    total = cast(func.sum(event_counts.c.events), BigInteger)
    return select(event_counts.c.type, total).group_by(event_counts.c.type)


def _by_state() -> Select[*tuple[Any, ...]]:
    state = func.coalesce(sessions.c.state, "unknown")
    return select(state, func.count()).group_by(state)


def _flow() -> Select[*tuple[Any, ...]]:
    open_ = streams.c.highest > streams.c.version
    beyond = cast(func.coalesce(func.sum(streams.c.highest - streams.c.version), 0), BigInteger)
    waiting = (
        select(func.count())
        .select_from(streams)
        .join(
            events,
            (events.c.aggregate_id == streams.c.aggregate_id)
            & (events.c.sequence > streams.c.version),
        )
        .where(open_)
        .scalar_subquery()
    )
    return select(
        func.count().label("streams"),
        func.count().filter(open_).label("open_gaps"),
        beyond.label("beyond"),
        waiting.label("waiting"),
    ).select_from(streams)


def _noted() -> Select[*tuple[Any, ...]]:
    def total(condition: ColumnElement[bool]) -> ColumnElement[int]:
        times = func.sum(anomalies.c.times).filter(condition)
        return cast(func.coalesce(times, 0), BigInteger)

    kind = anomalies.c.kind
    return select(
        total(kind == DUPLICATE).label("duplicates"),
        total(kind == DISCARDED).label("discarded"),
        total(kind.not_in((DUPLICATE, DISCARDED))).label("conflicts"),
    )
