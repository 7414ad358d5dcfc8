# SPDX-License-Identifier: Apache-2.0
"""Reads a log from its first entry to its last, a page at a time, however long it is."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.rows import read_contents, read_entry, read_head
from services.audit.store.selecting import AnyRow
from services.audit.tables import checkpoints, contents, entries, heads, logs, nodes
from services.audit.trail.appending import Head
from services.audit.trail.verification import LoggedEntry
from services.audit.transparency import Node
from services.audit.transparency.merkle import STORED_LEVELS
from shared.database import Database

PAGE = 1000
LEVELS = range(STORED_LEVELS, 64, STORED_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """A log as far as it went when it was opened, and how much of it had been signed."""

    origin: str
    head: Head
    signed_size: int

    @property
    def size(self) -> int:
        """Return how many entries it had."""
        return self.head.frontier.size


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Entries in a row, with the nodes of the tree and the signed checkpoints that end with them.

    ``notes`` has the checkpoints by the size of the log that they stand for.
    """

    entries: list[LoggedEntry]
    nodes: dict[Node, bytes]
    notes: dict[int, str]


class LogReader:
    """Reads what is stored, without judging it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def log_ids(self) -> list[int]:
        """Return the ids of all logs."""
        async with self._database.connect() as connection:
            return list(await connection.scalars(select(logs.c.log_id).order_by(logs.c.log_id)))

    async def open(self, log_id: int) -> StoredLog | None:
        """Return a log as it is now, or None if there is no such log."""
        signed = select(func.max(checkpoints.c.size)).where(checkpoints.c.log_id == log_id)
        query = select(logs.c.origin, heads, signed.scalar_subquery().label("signed_size")).join(
            heads, heads.c.log_id == logs.c.log_id
        )
        async with self._database.connect() as connection:
            found = await connection.execute(query.where(logs.c.log_id == log_id))
            row = found.one_or_none()
        if row is None:
            return None
        return StoredLog(origin=row.origin, head=read_head(row), signed_size=row.signed_size or 0)

    async def pages(self, log: StoredLog) -> AsyncGenerator[LogPage]:
        """Yield the log in order; no connection is held while a page is looked at."""
        for start in range(0, log.size, PAGE):
            stop = min(start + PAGE, log.size)
            async with self._database.connect() as connection:
                page = LogPage(
                    entries=await _entries(connection, log, start, stop),
                    nodes=await _nodes(connection, log, start, stop),
                    notes=await _notes(connection, log, start, stop),
                )
            yield page


async def _entries(
    connection: AsyncConnection, log: StoredLog, start: int, stop: int
) -> list[LoggedEntry]:
    same = and_(contents.c.log_id == entries.c.log_id, contents.c.position == entries.c.position)
    rows = await connection.execute(
        select(entries, contents.c.salt, contents.c.key, contents.c.value, contents.c.headers)
        .outerjoin(contents, same)
        .where(
            entries.c.log_id == log.head.log_id,
            entries.c.position >= start,
            entries.c.position < stop,
        )
        .order_by(entries.c.position)
    )
    return [_logged(row, log) for row in rows]


def _logged(row: AnyRow, log: StoredLog) -> LoggedEntry:
    return LoggedEntry(
        index=row.position,
        entry=read_entry(row, origin=log.origin),
        leaf_hash=row.leaf_hash,
        contents=None if row.salt is None else read_contents(row),
    )


async def _nodes(
    connection: AsyncConnection, log: StoredLog, start: int, stop: int
) -> dict[Node, bytes]:
    """Return the stored nodes whose last leaf is one from ``start`` up to but not ``stop``."""
    ending = [
        and_(
            nodes.c.level == level,
            nodes.c.number >= start >> level,
            nodes.c.number < stop >> level,
        )
        for level in LEVELS
    ]
    rows = await connection.execute(
        select(nodes.c.level, nodes.c.number, nodes.c.hash).where(
            nodes.c.log_id == log.head.log_id, or_(*ending)
        )
    )
    return {Node(level, number): digest for level, number, digest in rows}


async def _notes(
    connection: AsyncConnection, log: StoredLog, start: int, stop: int
) -> dict[int, str]:
    rows = await connection.execute(
        select(checkpoints.c.size, checkpoints.c.note)
        .where(
            checkpoints.c.log_id == log.head.log_id,
            checkpoints.c.size > start,
            checkpoints.c.size <= stop,
        )
        .order_by(checkpoints.c.size)
    )
    return {row.size: row.note for row in rows}
