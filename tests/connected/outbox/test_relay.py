# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from shared.database import Database
from shared.errors import DependencyDownError, PermanentError
from shared.messaging import OutgoingRecord
from shared.messaging.codec import MAX_RECORD_BYTES
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.outbox import Outbox, OutboxRelay
from shared.outbox.store import Depth
from shared.outbox.tables import SHARDS
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.relaying import Cluster, record, running
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected

SMALL = 3
"""How many records there are in a small batch."""


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def relay(outbox: Outbox, database: Database, cluster: Cluster) -> OutboxRelay:
    return OutboxRelay(outbox, database, cluster)


@pytest.fixture
def quick_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.outbox.relay.LEASE", timedelta(seconds=1))
    monkeypatch.setattr("shared.outbox.relay.UPKEEP", timedelta(milliseconds=100))
    monkeypatch.setattr("shared.outbox.relay.IDLE", timedelta(milliseconds=50))


async def add(database: Database, outbox: Outbox, *records: OutgoingRecord) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, records)


async def add_and_fail(database: Database, outbox: Outbox, *records: OutgoingRecord) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, records)
        raise ZeroDivisionError


async def shards_by_owner(database: Database, outbox: Outbox) -> list[int]:
    shards = outbox.tables.shards
    async with database.connect() as connection:
        counts = await connection.execute(
            select(func.count()).where(shards.c.owner.is_not(None)).group_by(shards.c.owner)
        )
        return sorted(counts.scalars())


async def test_what_a_transaction_recorded_is_published_as_it_was(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster
) -> None:
    added = [record("one"), OutgoingRecord("topic", None, None, ()), record("two")]

    async with running(relay):
        await add(database, outbox, *added)
        relay.committed()
        await eventually(lambda: len(cluster.records) == 3)

    assert cluster.records == added


async def test_what_was_rolled_back_is_never_published(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster
) -> None:
    async with running(relay):
        with pytest.raises(ZeroDivisionError):
            await add_and_fail(database, outbox, record("never"))
        await add(database, outbox, record("after"))
        relay.committed()
        await eventually(lambda: cluster.records)

    assert cluster.values() == [b"after"]


async def test_two_relays_on_kafka_publish_each_key_in_its_order(
    database: Database, outbox: Outbox, kafka_settings: KafkaSettings, quick_leases: None
) -> None:
    await ensure_topics(kafka_settings)
    topic = f"{kafka_settings.topic_prefix}.domain"
    keys, rounds = [f"session-{number}" for number in range(20)], 15
    producers = [KafkaProducer(kafka_settings, client_id=f"relay-{each}") for each in (1, 2)]
    for producer in producers:
        await producer.start()

    async with (
        running(OutboxRelay(outbox, database, producers[0])) as one,
        running(OutboxRelay(outbox, database, producers[1])),
    ):
        for number in range(rounds):
            await add(
                database,
                outbox,
                *(OutgoingRecord(topic, key.encode(), b"%d" % number, ()) for key in keys),
            )
            one.committed()
        await eventually(lambda: _is_empty(database, outbox), timeout=30)
    for producer in producers:
        await producer.stop()

    published: dict[bytes, list[bytes]] = {}
    for each in await records_of(kafka_settings, topic):
        assert each.key is not None
        assert each.value is not None
        values = published.setdefault(each.key, [])
        if each.value not in values:
            values.append(each.value)
    assert published == {key.encode(): [b"%d" % number for number in range(rounds)] for key in keys}


async def _is_empty(database: Database, outbox: Outbox) -> bool:
    async with database.connect() as connection:
        return (await outbox.depth(connection)).records == 0


async def test_while_kafka_is_down_events_wait_and_then_go_out_in_order(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster
) -> None:
    cluster.failure = DependencyDownError("Kafka", "refused")

    async with running(relay):
        for text_ in ("one", "two", "three"):
            await add(database, outbox, record(text_))
            relay.committed()
        await eventually(lambda: cluster.refused > 1)
        waiting = await relay.readiness()
        cluster.failure = None
        await eventually(lambda: len(cluster.records) == 3, timeout=20)
        await eventually(lambda: _is_ready(relay))

    assert not waiting.ready
    assert "events wait in the outbox" in waiting.reason
    assert cluster.values() == [b"one", b"two", b"three"]


async def _is_ready(relay: OutboxRelay) -> bool:
    return (await relay.readiness()).ready


@pytest.mark.parametrize("error", [PermanentError("refused"), ValueError("a bug")])
async def test_no_error_ends_the_relay(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster, error: Exception
) -> None:
    async with running(relay):
        await eventually(lambda: _is_ready(relay))
        cluster.failure = error
        await add(database, outbox, record("one"))
        relay.committed()
        await eventually(lambda: cluster.refused)
        cluster.failure = None
        await eventually(lambda: cluster.records, timeout=20)

    assert cluster.values() == [b"one"]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.outbox.relay.BATCH", SMALL)


class FailingOnce(Cluster):
    """A broker that refuses the second batch, once."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        self.batches += 1
        if self.batches == 2:
            raise DependencyDownError("Kafka", "refused")
        await super().write_all(records)


async def test_many_batches_are_published_in_order_and_each_record_once(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster, small_batches: None
) -> None:
    """Safeguard: what is read while a batch is on its way leaves out that batch."""
    added = [record(str(number)) for number in range(20)]
    await add(database, outbox, *added)

    async with running(relay):
        await eventually(lambda: _is_empty(database, outbox))

    assert cluster.records == added


async def test_what_is_behind_a_batch_that_failed_does_not_overtake_it(
    database: Database, outbox: Outbox, small_batches: None
) -> None:
    """Safeguard: what was read ahead is dropped when what is before it did not get out."""
    cluster = FailingOnce()
    added = [record(str(number)) for number in range(9)]
    await add(database, outbox, *added)

    async with running(OutboxRelay(outbox, database, cluster)):
        await eventually(lambda: _is_empty(database, outbox), timeout=20)

    assert cluster.records == added


class SlowOnce(Cluster):
    """A broker that takes long to confirm the first batch: ``meanwhile`` happens."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        if not self.records:
            await self._meanwhile()
        await super().write_all(records)


async def test_what_was_read_ahead_is_dropped_when_another_relay_has_the_shards(
    database: Database, outbox: Outbox, small_batches: None
) -> None:
    """Safeguard: nothing that was read ahead goes out before leases that are due are renewed."""

    async def take_over() -> None:
        owner._upkeep_due = 0.0
        shards = outbox.tables.shards
        until = func.now() + timedelta(minutes=1)
        async with database.begin() as connection:
            await connection.execute(update(shards).values(owner="another", lease_until=until))

    cluster = SlowOnce(take_over)
    owner = OutboxRelay(outbox, database, cluster)
    added = [record(str(number)) for number in range(9)]
    await add(database, outbox, *added)

    async with running(owner):
        await eventually(lambda: cluster.records and not owner._held)

    assert cluster.records == added[:SMALL]


async def test_a_record_that_commits_late_is_read_before_those_behind_it(
    database: Database, outbox: Outbox
) -> None:
    """Safeguard: read ahead is all but what is on its way, and not what has a higher position."""
    shards = range(SHARDS)
    async with database.begin() as late:
        await outbox.add(late, [record("late")])
        await add(database, outbox, record("one", key="other"), record("two", key="other"))
        async with database.connect() as connection:
            on_the_way = await outbox.pending(connection, shards, limit=2)
    await add(database, outbox, record("after"))

    async with database.connect() as connection:
        ahead = await outbox.pending(
            connection, shards, limit=5, besides=[each.position for each in on_the_way]
        )

    assert [each.record.value for each in on_the_way] == [b"one", b"two"]
    assert [each.record.value for each in ahead] == [b"late", b"after"]


async def test_another_cluster_gets_everything_again(
    database: Database, outbox: Outbox, quick_leases: None
) -> None:
    first, second = Cluster("first"), Cluster("second")
    await add(database, outbox, record("one"), record("two"))
    async with running(OutboxRelay(outbox, database, first)):
        await eventually(lambda: len(first.records) == 2)

    async with running(OutboxRelay(outbox, database, second)):
        await eventually(lambda: len(second.records) == 2)
    async with running(OutboxRelay(outbox, database, second)):
        await add(database, outbox, record("three"))
        await eventually(lambda: len(second.records) == 3)

    assert second.values() == [b"one", b"two", b"three"]


async def test_a_broker_that_was_replaced_while_the_relay_ran_gets_everything_again(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster
) -> None:
    async with running(relay):
        await add(database, outbox, record("one"))
        relay.committed()
        await eventually(lambda: cluster.values() == [b"one"])
        cluster.failure = DependencyDownError("Kafka", "gone")
        await add(database, outbox, record("two"))
        relay.committed()
        await eventually(lambda: cluster.refused)
        cluster.id, cluster.failure = "second", None
        cluster.records.clear()
        await eventually(lambda: len(cluster.records) == 2, timeout=20)

    assert cluster.values() == [b"one", b"two"]


async def test_a_broker_that_was_replaced_between_two_events_gets_everything_again(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster, quick_leases: None
) -> None:
    """Safeguard: the id is asked for again at each upkeep; nothing fails while nothing is sent."""
    async with running(relay):
        await add(database, outbox, record("one"), record("two"))
        relay.committed()
        await eventually(lambda: len(cluster.records) == 2)
        cluster.id = "second"
        cluster.records.clear()
        await eventually(lambda: len(cluster.records) == 2, timeout=20)

    assert cluster.values() == [b"one", b"two"]


async def test_relays_share_the_shards_and_take_over_what_one_gives_back(
    database: Database, outbox: Outbox, cluster: Cluster, quick_leases: None
) -> None:
    async with running(OutboxRelay(outbox, database, cluster)):
        async with running(OutboxRelay(outbox, database, cluster)):
            await eventually(lambda: _has_shares(database, outbox, [SHARDS // 2, SHARDS // 2]))
        await eventually(lambda: _has_shares(database, outbox, [SHARDS]))
    await eventually(lambda: _has_shares(database, outbox, []))


async def _has_shares(database: Database, outbox: Outbox, shares: Sequence[int]) -> bool:
    return await shards_by_owner(database, outbox) == list(shares)


async def test_the_shards_of_a_relay_that_died_are_taken_over(
    database: Database, outbox: Outbox, quick_leases: None
) -> None:
    """P2: outbox, then relay. Safeguard: a lease that ran out is free."""
    dead, alive = Cluster(), Cluster()
    relay = OutboxRelay(outbox, database, dead)
    await relay.start()
    await eventually(lambda: _has_shares(database, outbox, [SHARDS]))
    await kill(relay)
    await add(database, outbox, *(record("x", key=f"session-{number}") for number in range(50)))

    async with running(OutboxRelay(outbox, database, alive)):
        await eventually(lambda: len(alive.records) == 50, timeout=20)

    assert dead.records == []


async def kill(relay: OutboxRelay) -> None:
    """End a relay as the death of its process would: it gives nothing back."""
    task = relay._task
    assert task is not None
    task.cancel()
    await asyncio.wait([task])
    await relay._wakeup.close()


async def test_depth_tells_how_many_wait_and_for_how_long(
    database: Database, outbox: Outbox, cluster: Cluster, quick_leases: None
) -> None:
    depths: list[Depth] = []
    relay = OutboxRelay(outbox, database, cluster, on_depth=depths.append)
    async with running(relay):
        await eventually(lambda: depths)
        cluster.failure = DependencyDownError("Kafka", "refused")
        await add(database, outbox, record("one"), record("two"))
        relay.committed()
        await eventually(lambda: cluster.refused)
        async with database.connect() as connection:
            waiting = await outbox.depth(connection)
        cluster.failure = None
        await eventually(lambda: depths[-1] == Depth(0, 0.0) and cluster.records, timeout=20)

    assert waiting.records == 2
    assert waiting.oldest_seconds > 0


async def test_while_kafka_is_down_depth_and_age_go_on_being_measured(
    database: Database, outbox: Outbox, cluster: Cluster, quick_leases: None
) -> None:
    """Safeguard: depth is measured before Kafka is asked; after it, it would stand still."""
    depths: list[Depth] = []
    cluster.failure = DependencyDownError("Kafka", "refused")
    async with running(OutboxRelay(outbox, database, cluster, on_depth=depths.append)):
        await add(database, outbox, record("one"), record("two"))
        first = await eventually(lambda: _measured(depths, records=2, older_than=0), timeout=20)
        later = await eventually(
            lambda: _measured(depths, records=2, older_than=first.oldest_seconds), timeout=20
        )

    assert later.oldest_seconds > first.oldest_seconds
    assert cluster.records == []


def _measured(depths: Sequence[Depth], *, records: int, older_than: float) -> Depth | None:
    found = (each for each in depths if each.records == records)
    return next((each for each in found if each.oldest_seconds > older_than), None)


async def test_published_records_are_forgotten_after_a_while_and_others_never(
    database: Database, outbox: Outbox, cluster: Cluster, relay: OutboxRelay
) -> None:
    async with running(relay):
        await add(database, outbox, record("published"))
        relay.committed()
        await eventually(lambda: _is_empty(database, outbox))
    await add(database, outbox, record("waiting"))

    async with database.begin() as connection:
        kept = await outbox.forget(connection, older_than=timedelta(hours=1))
        forgotten = await outbox.forget(connection, older_than=timedelta(0))
        left = (await outbox.depth(connection)).records

    assert (kept, forgotten, left) == (0, 1, 1)


async def test_a_relay_survives_the_loss_of_its_database_connections(
    database: Database, outbox: Outbox, relay: OutboxRelay, cluster: Cluster
) -> None:
    async with running(relay):
        await eventually(lambda: _is_ready(relay))
        async with database.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await eventually(lambda: _add_one(database, outbox))
        relay.committed()
        await eventually(lambda: cluster.records, timeout=20)


async def _add_one(database: Database, outbox: Outbox) -> bool:
    try:
        await add(database, outbox, record("one"))
    except DependencyDownError:
        return False
    return True


async def test_an_event_too_large_to_be_published_fails_the_transaction(
    database: Database, outbox: Outbox
) -> None:
    with pytest.raises(PermanentError, match="it may have"):
        await add(database, outbox, record("x" * (MAX_RECORD_BYTES + 1)))

    assert await _is_empty(database, outbox)
