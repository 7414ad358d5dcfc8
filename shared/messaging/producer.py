# SPDX-License-Identifier: Apache-2.0
"""Writes records to Kafka, confirmed by all replicas."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from shared.health import Readiness, probe
from shared.messaging.kafka_client import NAME, kafka_errors
from shared.messaging.producer_connection import Connection, connect
from shared.messaging.records import OutgoingRecord
from shared.messaging.topics_admin import admin
from shared.settings import KafkaSettings

METADATA_TIMEOUT = timedelta(seconds=3)

CONFIRMATION_TIMEOUT = timedelta(seconds=8)
"""How long a write waits; shorter than a relay's lease, longer than the election of a leader."""


class KafkaProducer:
    """A producer of raw records; all its writes are confirmed with ``acks=all``."""

    name = NAME

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: Connection | None = None
        self._started = False
        self._connecting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect.

        Raises:
            DependencyDownError: no broker answers.
        """
        async with kafka_errors(self._settings):
            self._producer = await connect(self._settings, client_id=self._client_id)
        self._started = True

    async def stop(self) -> None:
        """Write what is buffered if the broker takes it soon, then disconnect."""
        self._started = False
        self._abandon(self._producer)
        await asyncio.gather(*self._ending)

    async def readiness(self) -> Readiness:
        """Tell whether a broker answers now."""
        return await probe(self._ask_for_metadata)

    async def _ask_for_metadata(self) -> None:
        async with kafka_errors(self._settings):
            async with asyncio.timeout(METADATA_TIMEOUT.total_seconds()):
                if not await (await self._connection()).is_answered():
                    raise TimeoutError(f"nothing answers at {self._settings.bootstrap_servers}")

    async def cluster_id(self) -> str:
        """Return the id of the cluster, which an embedded broker changes at every start.

        Raises:
            DependencyDownError: no broker answers.
        """
        async with admin(self._settings) as client:
            description = await client.describe_cluster()
        return str(description["cluster_id"])

    async def _connection(self) -> Connection:
        """Return the connection; a new one if the last was abandoned."""
        if not self._started:
            raise RuntimeError("the producer is not started")
        async with self._connecting:
            if self._producer is None:
                self._producer = await connect(self._settings, client_id=self._client_id)
            return self._producer

    def _abandon(self, connection: Connection | None) -> None:
        """Use a connection no more, and end it while others go on.

        After a record that was not confirmed, an idempotent producer would miss its number and
        refuse, or repeat without an end, all that comes after it.
        """
        if connection is None or connection is not self._producer:
            return
        self._producer = None
        ending = asyncio.create_task(connection.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

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
            connection = await self._connection()
            try:
                async with asyncio.timeout(CONFIRMATION_TIMEOUT.total_seconds()):
                    await connection.write_all(records)
            except BaseException:
                self._abandon(connection)
                raise
