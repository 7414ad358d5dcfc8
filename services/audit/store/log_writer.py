# SPDX-License-Identifier: Apache-2.0
"""Appends to the logs in PostgreSQL: whole batches, each record once, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Table, Text, Uuid, any_, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.rows import Values, contents_values, entry_values, head_values, read_head
from services.audit.tables import contents, counts, entries, heads, logs, nodes
from services.audit.trail.appending import (
    Appended,
    Extension,
    Head,
    Mark,
    Observation,
    Place,
    extend,
)
from shared.database import Database
from shared.telemetry.database import POSTGRESQL, client_span
from shared.telemetry.tracing import Tracing


class LogWriter:
    """The logs, to be appended to.

    A log is locked by its head while it grows, and several logs always in the same order, so that
    any number of processes can append at once.
    """

    def __init__(self, database: Database, tracing: Tracing) -> None:
        self._database = database
        self._tracing = tracing

    async def append(self, observations: Sequence[Observation]) -> list[int]:
        """Append every observation that its log does not hold yet, or none of them.

        Return the ids of the logs concerned. The work grows with the number of observations, not
        with the length of the logs.
        """
        by_origin = defaultdict[str, list[Observation]](list)
        for observation in observations:
            by_origin[observation.entry.origin].append(observation)
        async with self._database.begin() as connection:
            locked = await _lock_heads(connection, sorted(by_origin))
            first_seen = await _first_seen(connection, observations)
            extensions = [
                extend(
                    head,
                    by_origin[origin],
                    known=await _known(connection, head, by_origin[origin]),
                    first_seen=first_seen,
                )
                for origin, head in locked.items()
            ]
            await self._write(connection, extensions)
        return [extension.head.log_id for extension in extensions]

    async def _write(self, connection: AsyncConnection, extensions: list[Extension]) -> None:
        appended = [entry for extension in extensions for entry in extension.entries]
        if not appended:
            return
        await self._copy(connection, entries, map(entry_values, appended))
        await self._copy(connection, contents, map(contents_values, appended))
        await self._copy(connection, nodes, _node_values(extensions))
        for extension in extensions:
            await _move_head(connection, extension.head)
        await _count(connection, appended)

    async def _copy(
        self, connection: AsyncConnection, table: Table, rows: Iterable[Values]
    ) -> None:
        """Insert ``rows`` with all columns of ``table``, by the fastest way into PostgreSQL."""
        driver = (await connection.get_raw_connection()).driver_connection
        target = table.fullname
        with client_span(self._tracing, system=POSTGRESQL, operation="COPY", target=target):
            await driver.copy_records_to_table(  # type: ignore[union-attr]
                table.name, schema_name=table.schema, columns=table.c.keys(), records=rows
            )


async def _lock_heads(connection: AsyncConnection, origins: list[str]) -> dict[str, Head]:
    locked = await _lock_existing(connection, origins)
    missing = [origin for origin in origins if origin not in locked]
    if missing:
        await _create_logs(connection, missing)
        locked = await _lock_existing(connection, origins)
    return locked


async def _lock_existing(connection: AsyncConnection, origins: list[str]) -> dict[str, Head]:
    rows = await connection.execute(
        select(logs.c.origin, heads)
        .join(heads, heads.c.log_id == logs.c.log_id)
        .where(logs.c.origin == any_(literal(origins, ARRAY(Text))))
        .order_by(logs.c.log_id)
        .with_for_update(of=heads)
    )
    return {row.origin: read_head(row) for row in rows}


async def _create_logs(connection: AsyncConnection, origins: list[str]) -> None:
    """Create logs without entries; what another process creates meanwhile is left as it is."""
    await connection.execute(
        insert(logs).on_conflict_do_nothing(), [{"origin": origin} for origin in origins]
    )
    empty = {name: literal(value) for name, value in head_values(Head(log_id=0)).items()}
    await connection.execute(
        insert(heads)
        .from_select(
            ["log_id", *empty],
            select(logs.c.log_id, *empty.values()).where(
                logs.c.origin == any_(literal(origins, ARRAY(Text)))
            ),
        )
        .on_conflict_do_nothing()
    )


async def _first_seen(
    connection: AsyncConnection, observations: Sequence[Observation]
) -> dict[UUID, Place]:
    """Return where those events were logged first that have been logged before."""
    events = [each.entry.event.event_id for each in observations if each.entry.event]
    rows = await connection.execute(
        select(entries.c.event_id, entries.c.log_id, entries.c.position).where(
            entries.c.event_id == any_(literal(events, ARRAY(Uuid))),
            entries.c.duplicate_of_log.is_(None),
        )
    )
    return {event_id: Place(log_id, index) for event_id, log_id, index in rows}


async def _known(
    connection: AsyncConnection, head: Head, observations: Sequence[Observation]
) -> set[Mark]:
    """Return the marks of what the log holds at the offsets of ``observations``."""
    offsets = [each.entry.offset for each in observations if head.may_hold(each)]
    if not offsets:
        return set()
    rows = await connection.execute(
        select(entries.c.offset, entries.c.timestamp, entries.c.headers_digest).where(
            entries.c.log_id == head.log_id,
            entries.c.offset == any_(literal(offsets, ARRAY(BigInteger))),
        )
    )
    return {Mark(*row) for row in rows}


def _node_values(extensions: Iterable[Extension]) -> Iterable[Values]:
    for extension in extensions:
        for node, digest in extension.nodes.items():
            yield (extension.head.log_id, *node, digest)


async def _move_head(connection: AsyncConnection, head: Head) -> None:
    await connection.execute(
        update(heads).where(heads.c.log_id == head.log_id).values(head_values(head))
    )


async def _count(connection: AsyncConnection, appended: Iterable[Appended]) -> None:
    records, duplicates = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for each in appended:
        event = each.observation.entry.event
        counted = (each.place.log_id, event.event_type if event else "")
        records[counted] += 1
        duplicates[counted] += each.duplicate_of is not None
    added = insert(counts).values(
        [
            {
                "log_id": log_id,
                "event_type": event_type,
                "records": number,
                "duplicates": duplicates[log_id, event_type],
            }
            for (log_id, event_type), number in records.items()
        ]
    )
    await connection.execute(
        added.on_conflict_do_update(
            index_elements=[counts.c.log_id, counts.c.event_type],
            set_={
                "records": counts.c.records + added.excluded.records,
                "duplicates": counts.c.duplicates + added.excluded.duplicates,
            },
        )
    )
