# SPDX-License-Identifier: Apache-2.0
"""Keeps what comes from the dead letter topic: every record, each failure as one letter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.store.erasing import erase_arrivals
from services.dead_letters.store.received import Received, Row, delivery_row, letter_row, receive
from services.dead_letters.store.returns import Returns
from services.dead_letters.tables import deliveries, letters
from shared.clock import Clock, SystemClock
from shared.database import Database, among
from shared.ids import new_id
from shared.messaging.records import Record

CHUNK = 500
"""Letters per statement; PostgreSQL takes 32,767 parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a batch was: letters that are new, letters that failed again, and repetitions."""

    new: int = 0
    failed_again: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes records in, a batch in one transaction."""

    database: Database
    returns: Returns
    clock: Clock = field(default_factory=SystemClock)

    async def keep(self, records: Sequence[Record]) -> Kept:
        """Keep all records durably, each once ever, or none of them.

        Raises:
            DependencyDownError: the database does not answer.
        """
        now = self.clock.now()
        owners: dict[bytes, UUID] = {}
        again = 0
        async with self.database.begin() as connection:
            fresh = await erase_arrivals(connection, await _not_kept_before(connection, records))
            for each in fresh:
                returned = await self.returns.take(connection, each, now)
                if returned:
                    owners[each.digest] = returned.letter_id
                    again += returned.failed_again
            rest = [each for each in fresh if each.digest not in owners]
            added = await _add_letters(connection, rest, now)
            owners |= {each.digest: added[each.identity].owner for each in rest}
            await _add_deliveries(connection, fresh, owners, now)
        new = sum(each.is_new for each in added.values())
        return Kept(new=new, failed_again=again, repeated=len(records) - new - again)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Added:
    owner: UUID
    is_new: bool


async def _not_kept_before(
    connection: AsyncConnection, records: Iterable[Record]
) -> list[Received]:
    received = {each.digest: each for each in map(receive, records)}
    known = await connection.scalars(
        select(deliveries.c.digest).where(among(deliveries.c.digest, received))
    )
    kept_before = set(known)
    return [each for digest, each in received.items() if digest not in kept_before]


async def _add_letters(
    connection: AsyncConnection, received: Iterable[Received], now: datetime
) -> dict[bytes, _Added]:
    """Add a letter for each failure that is not known yet, and count the others once more."""
    rows: dict[bytes, Row] = {}
    for each in received:
        if each.identity in rows:
            rows[each.identity]["deliveries"] += 1
        else:
            rows[each.identity] = letter_row(each, letter_id=new_id(), now=now)
    owners: dict[bytes, UUID] = {}
    in_order = [rows[identity] for identity in sorted(rows)]  # two batches must not deadlock
    for start in range(0, len(in_order), CHUNK):
        owners |= await _upsert(connection, in_order[start : start + CHUNK])
    return {
        identity: _Added(owner=owner, is_new=owner == rows[identity]["id"])
        for identity, owner in owners.items()
    }


async def _upsert(connection: AsyncConnection, rows: Sequence[Row]) -> dict[bytes, UUID]:
    statement = upsert(letters).values(rows)
    statement = statement.on_conflict_do_update(
        index_elements=[letters.c.identity],
        set_={
            "deliveries": letters.c.deliveries + statement.excluded.deliveries,
            "updated_at": statement.excluded.updated_at,
        },
    )
    found = await connection.execute(statement.returning(letters.c.identity, letters.c.id))
    return {row.identity: row.id for row in found}


async def _add_deliveries(
    connection: AsyncConnection,
    received: Sequence[Received],
    owners: Mapping[bytes, UUID],
    now: datetime,
) -> None:
    rows = [delivery_row(each, letter_id=owners[each.digest], now=now) for each in received]
    if rows:
        await connection.execute(insert(deliveries), rows)
