# SPDX-License-Identifier: Apache-2.0
"""From the topic into PostgreSQL: validated, once, durable.

Ours is the consumer and the sink of the persistence service, with five read models in the same
transaction. One peer does as little as a program can: it reads batches and copies five columns, and
looks into nothing. The other is a FastStream application as its documentation shows it.
"""

from collections.abc import Sequence

from services.persistence.app import NAME
from services.persistence.handlers import PersistenceSubscriber
from services.persistence.settings import PersistenceSettings
from services.persistence.store import PersistenceStore
from shared.database import Database
from shared.events import Topics
from shared.messaging import Delivery, encode
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.service import build_bus, identify
from shared.settings import DatabaseSettings, KafkaSettings
from shared.telemetry import TelemetrySettings, configure_telemetry
from tests.performance.bench import Bench
from tests.performance.conversing import ANSWER, QUESTION, session_of
from tests.performance.line import Line
from tests.performance.peers.bare_consumer import consumed_by_bare_client
from tests.performance.peers.framework_consumer import consumed_by_framework
from tests.performance.watch import Watch
from tests.support.databases import MigratedDatabase
from tests.support.kafka_bus import running

SESSIONS = 60
TURNS = 60
ONE_BY_ONE = 3_000
ROUNDS = 2


async def consume(bench: Bench) -> Sequence[Line]:
    """Measure from the first record that is handled to the last that is durable, best of two."""
    own, bare, framework = [], [], []
    for _ in range(ROUNDS):
        async with bench.migrated() as database, bench.topics() as kafka:
            events = await _publish(kafka)
            own.append(await _consumed(database, kafka, events))
            bare.append(await consumed_by_bare_client(database.admin_url, kafka, events))
            few = min(ONE_BY_ONE, events)
            framework.append(await consumed_by_framework(database.admin_url, kafka, few))
    return [
        Line.of_rates(
            "consume, validate, deduplicate, store",
            ours=max(own),
            peer_name="FastStream, one handler and INSERT each",
            peer=max(framework),
            bar=10,
        ),
        Line.of_rates(
            "consume, validate, deduplicate, store",
            ours=max(own),
            peer_name="aiokafka and COPY of raw records",
            peer=max(bare),
            bar=0.5,
        ),
    ]


async def _publish(kafka: KafkaSettings) -> int:
    await ensure_topics(kafka)
    topics = Topics(kafka.topic_prefix)
    sessions = [
        session_of(TURNS, session_id=f"session-{n}", question=QUESTION, answer=ANSWER)
        for n in range(SESSIONS)
    ]
    records = [
        encode(event, topics) for several in zip(*sessions, strict=True) for event in several
    ]
    producer = KafkaProducer(kafka, client_id="bench")
    await producer.start()
    for start in range(0, len(records), 1000):
        await producer.write_all(records[start : start + 1000])
    await producer.stop()
    return len(records)


class _Watched(PersistenceSubscriber):
    """The sink of the service, which says when it began and how far it is."""

    def __init__(self, store: PersistenceStore, watch: Watch) -> None:
        super().__init__(store)
        self._watch = watch

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        await super().apply(deliveries)
        self._watch.did(len(deliveries))


async def _consumed(database: MigratedDatabase, kafka: KafkaSettings, events: int) -> float:
    url = DatabaseSettings.model_validate({"url": database.url(NAME)})
    settings = PersistenceSettings(database=url, kafka=kafka)
    telemetry = configure_telemetry(NAME, TelemetrySettings())
    pool = Database(url)
    watch = Watch(events)
    bus = build_bus(identify(NAME), settings, telemetry)
    bus.subscribe_sink(_Watched(PersistenceStore(pool, telemetry.tracing), watch))
    try:
        async with running(bus):
            return await watch.rate()
    finally:
        await pool.stop()
        telemetry.shutdown()
