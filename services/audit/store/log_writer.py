# SPDX-License-Identifier: Apache-2.0
"""Appends to the logs in PostgreSQL: whole batches, each record once, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.erasing import erase, erased_among, every_origin
from services.audit.store.heads import lock_heads, move_heads
from services.audit.store.rows import Values, contents_values, entry_values
from services.audit.tables import contents, counts, entries, nodes
from services.audit.trail.appending import (
    Appended,
    Extension,
    Head,
    Mark,
    Observation,
    Place,
    extend,
)
from services.audit.trail.erasing import is_kept, ordered, session_of
from shared.database import Database, among
from shared.telemetry.database import POSTGRESQL, client_span
from shared.telemetry.tracing import Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The logs that a batch concerned, and how many of its records they did not hold yet."""

    log_ids: list[int]
    appended: int


class LogWriter:
    """Appends to logs; any number of processes can, even to the same ones."""

    def __init__(self, database: Database, tracing: Tracing) -> None:
        self._database = database
        self._tracing = tracing

    async def append(self, observations: Sequence[Observation]) -> Growth:
        """Append every observation that its log does not hold yet, or none of them.

        What a record says is not written down if its session was erased. The work grows with the
        number of observations, not with the length of the logs.
        """
        by_origin = defaultdict[str, list[Observation]](list)
        for observation in observations:
            by_origin[observation.entry.origin].append(observation)
        orders = ordered(observations)
        async with self._database.begin() as connection:
            origins = await every_origin(connection, by_origin) if orders else sorted(by_origin)
            locked = await lock_heads(connection, origins)
            erased = await erased_among(connection, {session_of(each) for each in observations})
            first_seen = await _first_seen(connection, observations)
            extensions = [
                extend(
                    head,
                    by_origin[origin],
                    known=await _known(connection, head, by_origin[origin]),
                    first_seen=first_seen,
                )
                for origin, head in locked.items()
                if origin in by_origin
            ]
            await self._write(connection, extensions, erased=erased)
            await erase(connection, orders)
        return Growth(
            log_ids=[extension.head.log_id for extension in extensions],
            appended=sum(len(extension.entries) for extension in extensions),
        )

    async def _write(
        self, connection: AsyncConnection, extensions: list[Extension], *, erased: Collection[str]
    ) -> None:
        appended = [entry for extension in extensions for entry in extension.entries]
        if not appended:
            return
        await self._copy(connection, entries, [entry_values(each) for each in appended])
        said = [contents_values(each) for each in appended if is_kept(each.observation, erased)]
        await self._copy(connection, contents, said)
        await self._copy(connection, nodes, _node_values(extensions))
        await move_heads(connection, [extension.head for extension in extensions])
        await _count(connection, appended)

    async def _copy(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Values]
    ) -> None:
        """Insert ``rows`` with all columns of ``table``, by the fastest way into PostgreSQL."""
        if not rows:
            return
        driver = (await connection.get_raw_connection()).driver_connection
        target = table.fullname
        with client_span(self._tracing, system=POSTGRESQL, operation="COPY", target=target):
            await driver.copy_records_to_table(  # type: ignore[union-attr]
                table.name, schema_name=table.schema, columns=table.c.keys(), records=rows
            )


async def _first_seen(
    connection: AsyncConnection, observations: Sequence[Observation]
) -> dict[UUID, Place]:
    """Return where those events were logged first that have been logged before."""
    events = [each.entry.event.event_id for each in observations if each.entry.event]
    rows = await connection.execute(
        select(entries.c.event_id, entries.c.log_id, entries.c.position).where(
            among(entries.c.event_id, events), entries.c.duplicate_of_log.is_(None)
        )
    )
    return {event_id: Place(*place) for event_id, *place in rows}


async def _known(
    connection: AsyncConnection, head: Head, observations: Sequence[Observation]
) -> set[Mark]:
    """Return the marks of what the log holds at the offsets of ``observations``."""
    offsets = [each.entry.offset for each in observations if head.may_hold(each)]
    if not offsets:
        return set()
    rows = await connection.execute(
        select(entries.c.offset, entries.c.timestamp, entries.c.headers_digest).where(
            entries.c.log_id == head.log_id, among(entries.c.offset, offsets)
        )
    )
    return {Mark(*row) for row in rows}


def _node_values(extensions: Sequence[Extension]) -> list[Values]:
    return [
        (extension.head.log_id, *node, digest)
        for extension in extensions
        for node, digest in extension.nodes.items()
    ]


async def _count(connection: AsyncConnection, appended: Sequence[Appended]) -> None:
    records = Counter(map(_counted, appended))
    duplicates = Counter(_counted(each) for each in appended if each.duplicate_of)
    added = insert(counts)
    await connection.execute(
        added.on_conflict_do_update(
            index_elements=[counts.c.log_id, counts.c.event_type],
            set_={
                "records": counts.c.records + added.excluded.records,
                "duplicates": counts.c.duplicates + added.excluded.duplicates,
            },
        ),
        [
            {
                "log_id": log_id,
                "event_type": event_type,
                "records": number,
                "duplicates": duplicates[log_id, event_type],
            }
            for (log_id, event_type), number in records.items()
        ],
    )


def _counted(appended: Appended) -> tuple[int, str]:
    """Return under what an entry is counted: its log, and the type of its event or nothing."""
    event = appended.observation.entry.event
    return appended.place.log_id, event.event_type if event else ""
