# SPDX-License-Identifier: Apache-2.0
"""Records that leave the outbox, beside the Kafka client alone and FastStream's ``publish``.

The relay reads the records from PostgreSQL, keeps each key in order and notes what is confirmed;
the others have them in memory and forget them.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from sqlalchemy import MetaData, exists, select, text

from shared.database import Database
from shared.events import Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.outbox import Outbox, OutboxRelay, outbox_tables
from shared.settings import KafkaSettings
from tests.performance.bench import Bench, seconds
from tests.performance.conversing import ANSWER, QUESTION, session_of
from tests.performance.line import Line

SESSIONS = 40
TURNS = 50
PUBLISHED_ONE_BY_ONE = 2_000
ROUNDS = 3


async def relay(bench: Bench) -> Sequence[Line]:
    """Measure records in a second, confirmed by the broker, best of three."""
    async with (
        bench.migrated() as database,
        bench.pool(database, "orchestrator") as pool,
        bench.topics() as kafka,
    ):
        await ensure_topics(kafka)
        records = _records(kafka)
        own, bare, framework = [], [], []
        for _ in range(ROUNDS):
            own.append(len(records) / await _relayed(pool, kafka, records))
            bare.append(len(records) / await _sent(kafka, records))
            few = records[:PUBLISHED_ONE_BY_ONE]
            framework.append(len(few) / await _published(kafka, few))
    return [
        Line.of_rates(
            "outbox relay, records",
            ours=max(own),
            peer_name="aiokafka send",
            peer=max(bare),
            bar=0.6,
        ),
        Line.of_rates(
            "outbox relay, records",
            ours=max(own),
            peer_name="FastStream broker.publish",
            peer=max(framework),
            bar=3,
        ),
    ]


def _records(kafka: KafkaSettings) -> list[OutgoingRecord]:
    topics = Topics(kafka.topic_prefix)
    sessions = [
        session_of(TURNS, session_id=f"session-{n}", question=QUESTION, answer=ANSWER)
        for n in range(SESSIONS)
    ]
    return [encode(event, topics) for several in zip(*sessions, strict=True) for event in several]


async def _relayed(pool: Database, kafka: KafkaSettings, records: list[OutgoingRecord]) -> float:
    outbox = Outbox(outbox_tables(MetaData(), "orchestrator"))
    for start in range(0, len(records), 1000):
        async with pool.begin() as connection:
            await outbox.add(connection, records[start : start + 1000])
    producer = KafkaProducer(kafka, client_id="bench")
    await producer.start()
    relay = OutboxRelay(outbox, pool, producer)
    table = outbox.tables.records
    waiting = select(exists().where(table.c.published_at.is_(None)))

    async def all_out() -> None:
        await relay.start()
        async with pool.engine.connect() as connection:
            watching = await connection.execution_options(isolation_level="AUTOCOMMIT")
            while await watching.scalar(waiting):  # noqa: ASYNC110 -- others do the work
                await asyncio.sleep(0.01)

    try:
        return await seconds(all_out)
    finally:
        await relay.stop()
        await producer.stop()
        async with pool.begin() as connection:
            await connection.execute(text("DELETE FROM orchestrator.outbox"))


async def _sent(kafka: KafkaSettings, records: list[OutgoingRecord]) -> float:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, acks="all", linger_ms=5, max_batch_size=1 << 18
    )
    await producer.start()

    async def all_out() -> None:
        confirmed = [
            await producer.send(each.topic, each.value, key=each.key, headers=list(each.headers))
            for each in records
        ]
        await asyncio.gather(*confirmed)

    try:
        return await seconds(all_out)
    finally:
        await producer.stop()


async def _published(kafka: KafkaSettings, records: list[OutgoingRecord]) -> float:
    async with KafkaBroker(kafka.bootstrap_servers, acks="all") as broker:
        await broker.start()

        async def all_out() -> None:
            for each in records:
                headers = {name: (value or b"").decode() for name, value in each.headers}
                await broker.publish(each.value, each.topic, key=each.key, headers=headers)

        return await seconds(all_out)
