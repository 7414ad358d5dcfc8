# SPDX-License-Identifier: Apache-2.0
"""The whole persistence service on a real broker and a real database, in this process."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from services.persistence.app import NAME, create_app
from services.persistence.settings import PersistenceSettings
from shared.events import Event, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.producer import KafkaProducer
from shared.messaging.topics_admin import ensure_topics
from shared.service import identify
from shared.settings import DatabaseSettings, KafkaSettings
from shared.telemetry import TelemetrySettings, configure_telemetry
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually

JOINS_WITHIN = 30
"""How long a first member may take to join a group, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryService:
    """A running service, and a producer of what it reads."""

    client: httpx.AsyncClient
    producer: KafkaProducer
    topics: Topics

    async def publish(self, events: Iterable[Event]) -> None:
        """Write events to their topics."""
        for event in events:
            await self.producer.write(encode(event, self.topics))

    async def write(self, topic: str, value: bytes) -> None:
        """Write any bytes to a topic."""
        await self.producer.write(OutgoingRecord(topic, b"key", value, ()))

    async def counts(self) -> dict[str, Any]:
        """Return the figures of the service."""
        found: dict[str, Any] = (await self.client.get("/v1/counts")).json()
        return found

    async def has_stored(self, events: int) -> None:
        """Return when so many events of sessions are stored."""

        async def there() -> bool:
            by_type: dict[str, int] = (await self.counts())["events_by_type"]
            found = sum(n for name, n in by_type.items() if ".system_" not in name)
            return found == events

        await eventually(there, timeout=JOINS_WITHIN, message=f"{events} events were not stored")

    async def ready(self) -> bool:
        """Tell whether the service says that it is."""
        return (await self.client.get("/readyz")).status_code == 200


@asynccontextmanager
async def history_service(
    database: MigratedDatabase, kafka: KafkaSettings
) -> AsyncGenerator[HistoryService]:
    """Run the service while the context is open; it is ready when the context begins."""
    await ensure_topics(kafka)
    settings = PersistenceSettings(
        database=DatabaseSettings.model_validate({"url": database.url(NAME)}), kafka=kafka
    )
    app, _ = create_app(identify(NAME), configure_telemetry(NAME, TelemetrySettings()), settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    producer = KafkaProducer(kafka, client_id="test")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://history") as client,
    ):
        service = HistoryService(
            client=client, producer=producer, topics=Topics(kafka.topic_prefix)
        )
        await producer.start()
        try:
            await eventually(service.ready, timeout=JOINS_WITHIN, message="it was not ready")
            yield service
        finally:
            await producer.stop()
