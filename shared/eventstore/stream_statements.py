# SPDX-License-Identifier: Apache-2.0
"""The statements about the heads of streams, built once."""

from typing import Any

from sqlalchemy import BigInteger, Select, Update, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.eventstore.columns import Types, array, rows
from shared.eventstore.tables import IDENTIFIER, EventTables

MOVED: Types = {
    "aggregate_id": IDENTIFIER,
    "version": BigInteger(),
    "highest": BigInteger(),
}
START: Types = {"aggregate_id": IDENTIFIER, "version": BigInteger()}


class StreamStatements:
    """What is asked of the table ``streams``."""

    def __init__(self, tables: EventTables) -> None:
        streams = tables.streams
        ids = array("aggregate_ids", IDENTIFIER)
        self.head = select(streams.c.version, streams.c.highest, streams.c.erased).where(
            streams.c.aggregate_id == bindparam("aggregate_id")
        )
        self.begin = (
            insert(streams)
            .from_select(["aggregate_id"], select(func.unnest(ids)))
            .on_conflict_do_nothing()
        )
        self.lock = (
            select(streams)
            .where(streams.c.aggregate_id == any_(ids))
            .order_by(streams.c.aggregate_id)
            .with_for_update()
        )
        self.move = _move(tables)
        self.joined = _joined(tables)


def _move(tables: EventTables) -> Update:
    streams, new = tables.streams, rows(MOVED)
    return (
        update(streams)
        .where(streams.c.aggregate_id == new.c.aggregate_id)
        .values(version=new.c.version, highest=new.c.highest)
    )


def _joined(tables: EventTables) -> Select[*tuple[Any, ...]]:
    """Return a query for the ends of unbroken runs: where number and row number part."""
    events, start = tables.events, rows(START)
    number = func.row_number().over(partition_by=events.c.aggregate_id, order_by=events.c.sequence)
    tail = (
        select(
            events.c.aggregate_id,
            events.c.sequence,
            (events.c.sequence - number == start.c.version).label("unbroken"),
        )
        .join(start, start.c.aggregate_id == events.c.aggregate_id)
        .where(events.c.sequence > start.c.version)
        .subquery()
    )
    return (
        select(tail.c.aggregate_id, func.max(tail.c.sequence).label("version"))
        .where(tail.c.unbroken)
        .group_by(tail.c.aggregate_id)
    )
