# SPDX-License-Identifier: Apache-2.0
"""Which sessions began with the past of which others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.queries.streams import StreamQueries
from services.persistence.tables import sessions
from services.persistence.views.forks import Fork, ForkNode, ForkTree
from shared.database import Database, among

SHOWN = 100
"""How many forks of one session are told with it."""

MAX_FAMILY = 500
MAX_DEPTH = 100

_COLUMNS = [sessions.c[name] for name in Fork.model_fields]


class ForkQueries:
    """Forks, and the trees that they make."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)

    async def of(self, session_id: str) -> list[Fork]:
        """Return the forks of a session, the first of them."""
        async with self._database.connect() as connection:
            return await _children(connection, [session_id], SHOWN)

    async def begun_at(
        self, connection: AsyncConnection, session_id: str, first: int, last: int
    ) -> Mapping[int, list[str]]:
        """Return the forks that begin after events from ``first`` to ``last``."""
        query = (
            select(sessions.c.forked_at_sequence, sessions.c.session_id)
            .where(
                sessions.c.forked_from == session_id,
                sessions.c.forked_at_sequence.between(first, last),
            )
            .order_by(sessions.c.created_at, sessions.c.session_id)
            .limit(MAX_FAMILY)
        )
        found = defaultdict[int, list[str]](list)
        for row in await connection.execute(query):
            found[row.forked_at_sequence].append(row.session_id)
        return found

    async def tree(self, session_id: str) -> ForkTree:
        """Return the session that all this began with, and every fork of it and of its forks.

        Raises:
            Problem: the session is not known, or not there yet.
        """
        head = await self._streams.require(session_id)
        async with self._database.connect() as connection:
            root = await _root(connection, session_id)
            if root is None:
                raise self._streams.not_yet(session_id, head)
            family = await _family(connection, root)
        items = list(_walk(root, family))
        return ForkTree(
            session_id=session_id,
            items=items[:MAX_FAMILY],
            truncated=len(items) > MAX_FAMILY,
        )


async def _root(connection: AsyncConnection, session_id: str) -> Fork | None:
    """Return the first original that is here; the one of an imported fork may be elsewhere."""
    current = await _one(connection, session_id)
    for _ in range(MAX_DEPTH):
        above = current and current.forked_from and await _one(connection, current.forked_from)
        if not above:
            break
        current = above
    return current


async def _one(connection: AsyncConnection, session_id: str) -> Fork | None:
    found = await connection.execute(_query().where(sessions.c.session_id == session_id))
    row = found.one_or_none()
    return Fork.model_validate(row) if row else None


async def _family(connection: AsyncConnection, root: Fork) -> Mapping[str, list[Fork]]:
    """Return the forks of each session, level by level; nobody is looked at twice."""
    forks = defaultdict[str, list[Fork]](list)
    seen = {root.session_id}
    level = [root.session_id]
    while level and len(seen) <= MAX_FAMILY:
        children = await _children(connection, level, MAX_FAMILY + 1)
        level = list[str]()
        for child in children:
            if child.forked_from and child.session_id not in seen:
                forks[child.forked_from].append(child)
                seen.add(child.session_id)
                level.append(child.session_id)
    return forks


async def _children(
    connection: AsyncConnection, session_ids: Iterable[str], limit: int
) -> list[Fork]:
    query = (
        _query()
        .where(among(sessions.c.forked_from, session_ids))
        .order_by(sessions.c.forked_at_sequence, sessions.c.created_at, sessions.c.session_id)
        .limit(limit)
    )
    return [Fork.model_validate(row) for row in await connection.execute(query)]


def _query() -> Select[Any]:
    return select(*_COLUMNS)


def _walk(root: Fork, forks: Mapping[str, list[Fork]]) -> Iterator[ForkNode]:
    waiting = [(root, 0)]
    while waiting:
        fork, depth = waiting.pop()
        yield ForkNode(**fork.model_dump(), depth=depth)
        children = forks.get(fork.session_id, [])
        waiting.extend((each, depth + 1) for each in reversed(children))
