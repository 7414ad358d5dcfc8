# SPDX-License-Identifier: Apache-2.0
"""Writes records to Kafka, confirmed by all replicas."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.health import Readiness, probe
from shared.messaging.kafka_client import NAME, connection_arguments, kafka_errors
from shared.messaging.records import OutgoingRecord
from shared.messaging.topics_admin import admin
from shared.settings import KafkaSettings

MAX_REQUEST_BYTES = 16 * 1024 * 1024
"""What a dead letter may have at most; ordinary records are refused long before."""

METADATA_TIMEOUT = timedelta(seconds=3)


class KafkaProducer:
    """A producer of raw records; all its writes are confirmed with ``acks=all``."""

    name = NAME

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: Any = None

    async def start(self) -> None:
        """Connect.

        Raises:
            DependencyDownError: no broker answers.
        """
        producer = AIOKafkaProducer(
            **connection_arguments(self._settings),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=self._settings.enable_idempotence,
            max_request_size=MAX_REQUEST_BYTES,
            max_batch_size=256 * 1024,
        )
        try:
            async with kafka_errors(self._settings):
                await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Write what is buffered, then disconnect."""
        if self._producer:
            await self._producer.stop()
            self._producer = None

    async def readiness(self) -> Readiness:
        """Tell whether a broker answers now."""
        return await probe(self._ask_for_metadata)

    async def _ask_for_metadata(self) -> None:
        async with kafka_errors(self._settings):
            async with asyncio.timeout(METADATA_TIMEOUT.total_seconds()):
                if not await self._started.client.force_metadata_update():
                    raise TimeoutError(f"nothing answers at {self._settings.bootstrap_servers}")

    async def cluster_id(self) -> str:
        """Return the id of the cluster, which an embedded broker changes at every start.

        Raises:
            DependencyDownError: no broker answers.
        """
        async with admin(self._settings) as client:
            description = await client.describe_cluster()
        return str(description["cluster_id"])

    @property
    def _started(self) -> Any:
        if self._producer is None:
            raise RuntimeError("the producer is not started")
        return self._producer

    async def write(self, record: OutgoingRecord) -> None:
        """Return when the broker has confirmed the record.

        Raises:
            DependencyDownError: it did not.
            PermanentError: the record is too large for the topic.
        """
        await self.write_all([record])

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the broker has confirmed all records, written in order for each key.

        Raises:
            DependencyDownError: some were not confirmed; any of them may or may not be there.
            PermanentError: a record is too large for its topic.
        """
        async with kafka_errors(self._settings):
            confirmations = [await self._send(record) for record in records]
            results = await asyncio.gather(*confirmations, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    async def _send(self, record: OutgoingRecord) -> Any:
        if record.key is None and record.value is None:
            return await self._send_nothing(record)
        return await self._started.send(
            record.topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )

    async def _send_nothing(self, record: OutgoingRecord) -> Any:
        """Send a record without key and value, which only a hand-made batch can carry."""
        batch = self._started.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=list(record.headers))
        batch.close()
        return await self._started.send_batch(batch, record.topic, partition=record.partition or 0)
