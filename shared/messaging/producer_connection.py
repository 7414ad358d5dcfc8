# SPDX-License-Identifier: Apache-2.0
"""One producer of the client library, from its start to its end."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import murmur2  # pyright: ignore -- it has no types

from shared.messaging.kafka_client import connection_arguments
from shared.messaging.records import OutgoingRecord
from shared.settings import KafkaSettings

MAX_REQUEST_BYTES = 16 * 1024 * 1024
"""What a dead letter may have at most; ordinary records are refused long before."""

KEYS = 10_000
"""Of how many keys the hash is remembered, which the library computes slowly."""

FLUSH_TIMEOUT = timedelta(seconds=3)
ATTEMPT_TIMEOUT = timedelta(seconds=1)


async def connect(settings: KafkaSettings, *, client_id: str) -> "Connection":
    """Return a connection that is ready to write; raises what the client library raises."""
    max_bytes = MAX_REQUEST_BYTES
    producer: Any = AIOKafkaProducer(
        **connection_arguments(settings),
        client_id=client_id,
        acks="all",
        enable_idempotence=settings.enable_idempotence,
        max_request_size=max_bytes,
        max_batch_size=256 * 1024,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return Connection(producer, max_bytes=max_bytes)


class Connection:
    """A started producer; use it no more after a write that failed."""

    def __init__(self, producer: Any, *, max_bytes: int) -> None:
        self._producer = producer
        self._max_bytes = max_bytes

    async def is_answered(self) -> bool:
        """Tell whether a broker answers now."""
        answered: bool = await self._producer.client.force_metadata_update()
        return answered

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when all records are confirmed; raises what the client library raises.

        The records of a partition are handed over together: to hand over one takes the library
        longer than all else that is done for it.
        """
        confirmations = [
            await self._producer.send_batch(batch, topic, partition=partition)
            for (topic, partition), several in (await self._by_partition(records)).items()
            for batch in self._batches(several)
        ]
        results = await asyncio.gather(*confirmations, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _by_partition(
        self, records: Sequence[OutgoingRecord]
    ) -> dict[TopicPartition, list[OutgoingRecord]]:
        topics = {record.topic for record in records}
        partitions = {each: sorted(await self._producer.partitions_for(each)) for each in topics}
        found: dict[TopicPartition, list[OutgoingRecord]] = {}
        for record in records:
            partition = record.partition
            if partition is None:
                partition = partition_of(record.key, partitions[record.topic])
            found.setdefault(TopicPartition(record.topic, partition), []).append(record)
        return found

    def _batches(self, records: Sequence[OutgoingRecord]) -> Iterator[Any]:
        """Give batches with the records of a partition, in their order."""
        batch = self._producer.create_batch()
        for record in records:
            if not _put(batch, record):
                yield batch
                batch = self._producer.create_batch()
                self._require(_put(batch, record))
            self._require(batch.size() <= self._max_bytes)
        batch.close()
        yield batch

    def _require(self, fits: bool) -> None:
        if not fits:
            raise MessageSizeTooLargeError(f"more than {self._max_bytes} bytes")

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


def _put(batch: Any, record: OutgoingRecord) -> bool:
    """Add a record to a batch, or close the batch if it is full; an empty one takes any."""
    added: object = batch.append(
        key=record.key, value=record.value, timestamp=None, headers=list(record.headers)
    )
    return added is not None


def partition_of(key: bytes | None, partitions: Sequence[int]) -> int:
    """Return where the records of a key go, as every client of Kafka computes it."""
    if key is None:
        return random.choice(partitions)  # noqa: S311 -- no secret, only spread
    return partitions[_hash(key) % len(partitions)]


@lru_cache(maxsize=KEYS)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key)
    return hashed & 0x7FFFFFFF
