# SPDX-License-Identifier: Apache-2.0
"""The least that a program can do: read batches with aiokafka and copy them into a table."""

import asyncpg
from aiokafka import AIOKafkaConsumer

from shared.events import Topics
from shared.settings import KafkaSettings
from tests.performance.watch import Watch

TABLE = """
CREATE TABLE IF NOT EXISTS bare (
    topic text, partition integer, "offset" bigint, key bytea, value bytea,
    PRIMARY KEY (topic, partition, "offset")
)
"""
BATCH = 1000


async def consumed_by_bare_client(url: str, kafka: KafkaSettings, records: int) -> float:
    """Return how many records it takes in a second."""
    topics = Topics(kafka.topic_prefix)
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    consumer = AIOKafkaConsumer(
        topics.domain,
        topics.infrastructure,
        bootstrap_servers=kafka.bootstrap_servers,
        group_id=f"{kafka.topic_prefix}.bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    watch = Watch(records)
    done = 0
    try:
        while done < records:
            found = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            rows = [
                (each.topic, each.partition, each.offset, each.key, each.value)
                for several in found.values()
                for each in several
            ]
            if rows:
                await connection.copy_records_to_table("bare", records=rows)
                await consumer.commit()
                watch.did(len(rows))
                done += len(rows)
        return await watch.rate()
    finally:
        await consumer.stop()
        await connection.close()
