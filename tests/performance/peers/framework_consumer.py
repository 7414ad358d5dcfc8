# SPDX-License-Identifier: Apache-2.0
"""A FastStream application with one handler for each message, its telemetry, and one INSERT."""

import asyncpg
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider

from shared.events import Topics
from shared.messaging import Record
from shared.messaging.codec import decode
from shared.settings import KafkaSettings
from tests.performance.watch import Watch

TABLE = """
CREATE TABLE IF NOT EXISTS framework (
    event_id uuid PRIMARY KEY, aggregate_id text, sequence bigint, value bytea
)
"""
INSERT = "INSERT INTO framework VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"


async def consumed_by_framework(url: str, kafka: KafkaSettings, records: int) -> float:
    """Return how many records it takes in a second."""
    topics = Topics(kafka.topic_prefix)
    pool = await asyncpg.create_pool(url, min_size=2, max_size=4)
    await pool.execute(TABLE)
    provider = TracerProvider()
    broker = KafkaBroker(
        kafka.bootstrap_servers, middlewares=[KafkaTelemetryMiddleware(tracer_provider=provider)]
    )
    watch = Watch(records)

    @broker.subscriber(
        topics.domain,
        topics.infrastructure,
        group_id=f"{kafka.topic_prefix}.framework",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    async def store(message: KafkaMessage) -> None:
        raw = message.raw_message
        record = Record(
            raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, raw.headers
        )
        event = decode(record)
        await pool.execute(INSERT, event.event_id, event.aggregate_id, event.sequence, raw.value)
        watch.did(1)

    try:
        async with broker:
            await broker.start()
            return await watch.rate()
    finally:
        await pool.close()
        provider.shutdown()
