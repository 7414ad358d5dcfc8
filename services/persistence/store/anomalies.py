# SPDX-License-Identifier: Apache-2.0
"""Notes events that came twice, contradict what is stored, or were discarded."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, Uuid, func, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import anomalies
from services.persistence.wording import words
from shared.events import Event
from shared.eventstore import Conflict
from shared.eventstore.columns import Types, parameters, rows
from shared.eventstore.entries import Coordinates, Entry

DUPLICATE = "duplicate"
DISCARDED = "discarded"

_TYPES: Types = {
    "aggregate_id": Text(),
    "sequence": BigInteger(),
    "event_id": Uuid(),
    "kind": Text(),
    "detail": Text(),
    "topic": Text(),
    "partition": Integer(),
    "offset": BigInteger(),
}
_KEY = anomalies.primary_key.columns.keys()


class Anomalies:
    """The table ``anomalies``."""

    def __init__(self) -> None:
        self._note = _note()

    async def duplicates(self, connection: AsyncConnection, entries: Iterable[Entry]) -> None:
        """Note events that are stored already and came again from another place on Kafka."""
        await self._add(connection, (_row(each, DUPLICATE, _again(each)) for each in entries))

    async def conflicts(self, connection: AsyncConnection, found: Iterable[Conflict]) -> None:
        """Note events that contradict what is stored."""
        await self._add(connection, (_row(each.entry, each.kind, str(each)) for each in found))

    async def discards(
        self, connection: AsyncConnection, found: Iterable[tuple[Entry, Event]]
    ) -> None:
        """Note places that were empty and are passed over, and who decided it."""
        await self._add(connection, (_row(each, DISCARDED, words(by)) for each, by in found))

    async def _add(self, connection: AsyncConnection, noted: Iterable[tuple[Any, ...]]) -> None:
        last = {row[: len(_KEY)]: row for row in noted}
        if last:
            values = [last[key] for key in sorted(last)]
            await connection.execute(self._note, parameters(_TYPES, values))


def _row(entry: Entry, kind: str, detail: str) -> tuple[Any, ...]:
    where = (entry.topic, entry.partition, entry.offset)
    return (*entry.place, entry.event_id, str(kind), detail, *where)


def _again(entry: Entry) -> str:
    return f"came again at {entry.topic}[{entry.partition}]@{entry.offset}"


def _note() -> Insert:
    """Return the statement; an anomaly from the same place on Kafka is the same one again."""
    statement = insert(anomalies).from_select(list(_TYPES), select(rows(_TYPES)))
    new, place = statement.excluded, Coordinates._fields
    return statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "times": anomalies.c.times + 1,
            "last_seen_at": func.now(),
            "detail": new.detail,
            **{name: new[name] for name in place},
        },
        where=tuple_(*(anomalies.c[name] for name in place)).is_distinct_from(
            tuple_(*(new[name] for name in place))
        ),
    )
