# SPDX-License-Identifier: Apache-2.0
"""Published records are kept for a while, and published again when somebody asks for it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from shared.database import Database
from shared.messaging import OutgoingRecord
from shared.outbox import Outbox, OutboxRelay
from shared.outbox.contents import contents, waiting_records
from shared.outbox.replaying import Replay, how_many, publish_again
from tests.support.eventually import eventually
from tests.support.relaying import Cluster, record, running

pytestmark = pytest.mark.connected

DAY = timedelta(days=1)


async def add(database: Database, outbox: Outbox, *records: OutgoingRecord) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, records)


async def published(database: Database, outbox: Outbox, values: Sequence[str]) -> Cluster:
    """Add records of the keys a and b in turn, and return the cluster that got them all."""
    cluster = Cluster()
    records = [record(value, key="ab"[number % 2]) for number, value in enumerate(values)]
    await add(database, outbox, *records)
    async with running(OutboxRelay(outbox, database, cluster)):
        await eventually(lambda: len(cluster.records) == len(values))
    cluster.records.clear()
    return cluster


async def replay(database: Database, outbox: Outbox, which: Replay) -> int:
    async with database.begin() as connection:
        expected = await how_many(connection, outbox.tables, which)
        done = await publish_again(connection, outbox.tables, which)
    assert done == expected
    return done


async def test_a_key_is_published_again_in_its_order_and_before_what_came_meanwhile(
    database: Database, outbox: Outbox
) -> None:
    """Fails if records of another key came too, or the new one went out before the old ones."""
    cluster = await published(database, outbox, ["a1", "b1", "a2", "b2"])
    await add(database, outbox, record("a3", key="a"))

    replayed = await replay(database, outbox, Replay(key=b"a"))
    async with running(OutboxRelay(outbox, database, cluster)):
        await eventually(lambda: len(cluster.records) == 3)

    assert replayed == 2
    assert cluster.values() == [b"a1", b"a2", b"a3"]


async def test_what_was_recorded_in_a_time_is_published_again(
    database: Database, outbox: Outbox
) -> None:
    cluster = await published(database, outbox, ["a1", "b1", "a2", "b2"])
    records = outbox.tables.records
    async with database.begin() as connection:
        now = await connection.scalar(select(func.now()))
        assert now
        for days, value in enumerate((b"b2", b"a2", b"b1", b"a1")):
            aged = update(records).where(records.c.value == value)
            await connection.execute(aged.values(recorded_at=now - days * DAY))

    until = Replay(recorded_from=now - 2 * DAY, recorded_until=now)
    assert await replay(database, outbox, until) == 2
    async with running(OutboxRelay(outbox, database, cluster, retention=9 * DAY)):
        await eventually(lambda: len(cluster.records) == 2)

    assert cluster.values() == [b"b1", b"a2"]


async def test_what_is_published_again_does_not_count_as_old(
    database: Database, outbox: Outbox
) -> None:
    """Safeguard: the age is of what was never published; else a replay would refuse new work."""
    await published(database, outbox, ["a1", "b1"])
    records = outbox.tables.records
    async with database.begin() as connection:
        await connection.execute(update(records).values(recorded_at=func.now() - DAY))

    await replay(database, outbox, Replay(key=b"a"))

    async with database.connect() as connection:
        depth = await outbox.depth(connection)
    assert (depth.records, depth.oldest_seconds) == (1, 0.0)


async def test_published_records_are_kept_as_long_as_the_setting_says(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.outbox.relay.UPKEEP", timedelta(milliseconds=50))
    cluster = await published(database, outbox, ["a1", "b1"])
    records = outbox.tables.records
    async with database.begin() as connection:
        await connection.execute(
            update(records).where(records.c.value == b"a1").values(recorded_at=func.now() - 2 * DAY)
        )

    async with running(OutboxRelay(outbox, database, cluster, retention=3 * DAY)):
        await add(database, outbox, record("c1", key="c"))
        await eventually(lambda: cluster.records)
    kept_for_longer = await kept(database, outbox)
    async with running(OutboxRelay(outbox, database, cluster, retention=DAY)):
        await eventually(lambda: _has(database, outbox, 2))

    assert kept_for_longer == 3


async def kept(database: Database, outbox: Outbox) -> int:
    async with database.connect() as connection:
        return (await contents(connection, outbox.tables)).kept


async def _has(database: Database, outbox: Outbox, records: int) -> bool:
    return await kept(database, outbox) == records


async def test_it_is_told_what_waits_and_of_whom(database: Database, outbox: Outbox) -> None:
    await published(database, outbox, ["a1", "b1"])
    await add(database, outbox, record("a2", key="a"), record("c1", key="c"), record("c2", key="c"))
    await replay(database, outbox, Replay(key=b"a"))

    async with database.connect() as connection:
        found = await contents(connection, outbox.tables)
        waiting = await waiting_records(connection, outbox.tables, behind=0, limit=3)
        of_c = await waiting_records(connection, outbox.tables, behind=0, limit=9, key=b"c")
        rest = await waiting_records(
            connection, outbox.tables, behind=waiting[-1].position, limit=9
        )
        elsewhere = await waiting_records(
            connection, outbox.tables, behind=0, limit=9, topic="another"
        )

    assert (found.waiting, found.kept) == (4, 1)
    assert [(each.name, each.waiting) for each in found.keys] == [("a", 2), ("c", 2)]
    assert [(each.name, each.waiting) for each in found.topics] == [("topic", 4)]
    assert [(each.record.value, each.again) for each in waiting] == [
        (b"a1", True),
        (b"a2", False),
        (b"c1", False),
    ]
    assert [each.record.value for each in rest] == [b"c2"]
    assert ([each.record.value for each in of_c], elsewhere) == ([b"c1", b"c2"], [])
