# SPDX-License-Identifier: Apache-2.0
"""One producer of the client library, from its start to its end."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.messaging.kafka_client import connection_arguments
from shared.messaging.records import OutgoingRecord
from shared.settings import KafkaSettings

MAX_REQUEST_BYTES = 16 * 1024 * 1024
"""What a dead letter may have at most; ordinary records are refused long before."""

FLUSH_TIMEOUT = timedelta(seconds=3)
ATTEMPT_TIMEOUT = timedelta(seconds=1)


async def connect(settings: KafkaSettings, *, client_id: str) -> "Connection":
    """Return a connection that is ready to write; raises what the client library raises."""
    producer: Any = AIOKafkaProducer(
        **connection_arguments(settings),
        client_id=client_id,
        acks="all",
        enable_idempotence=settings.enable_idempotence,
        max_request_size=MAX_REQUEST_BYTES,
        max_batch_size=256 * 1024,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return Connection(producer)


class Connection:
    """A started producer; use it no more after a write that failed."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer

    async def is_answered(self) -> bool:
        """Tell whether a broker answers now."""
        answered: bool = await self._producer.client.force_metadata_update()
        return answered

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when all records are confirmed; raises what the client library raises."""
        confirmations = [await self._send(record) for record in records]
        results = await asyncio.gather(*confirmations, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def end(self) -> None:
        """Write what is buffered if that is soon done, then disconnect.

        The client library alone would wait for a broker that is down for as long as it is.
        """
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT.total_seconds()):
                await self._producer.flush()
        except TimeoutError:
            await self._give_up()
        else:
            await self._producer.stop()

    async def _give_up(self) -> None:
        producer = self._producer
        sender = producer._sender.sender_task  # noqa: SLF001 -- the library has no other way out
        producer._closed = True  # noqa: SLF001
        sender.cancel()
        await asyncio.wait([sender], timeout=ATTEMPT_TIMEOUT.total_seconds())
        await producer.client.close()

    async def _send(self, record: OutgoingRecord) -> Any:
        if record.key is None and record.value is None:
            return await self._send_nothing(record)
        return await self._producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )

    async def _send_nothing(self, record: OutgoingRecord) -> Any:
        """Send a record without key and value, which only a hand-made batch can carry."""
        batch = self._producer.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=list(record.headers))
        batch.close()
        return await self._producer.send_batch(batch, record.topic, partition=record.partition or 0)
