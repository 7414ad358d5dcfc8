# SPDX-License-Identifier: Apache-2.0
"""A whole service in this process, on real servers, asked over its HTTP interface."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from shared.events import Event, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.producer import KafkaProducer
from shared.service import ServiceIdentity, identify
from shared.settings import KafkaSettings, ServiceSettings
from shared.telemetry import Telemetry, TelemetrySettings, configure_telemetry
from tests.support.eventually import eventually

JOINS_WITHIN = 30
"""How long a first member may take to join a group, in seconds."""

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)
CreateApp = Callable[[ServiceIdentity, Telemetry, SettingsT], tuple[FastAPI, SettingsT]]


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that is ready."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        """Return what the service answers, which has to be a success."""
        response = await self.client.get(path)
        response.raise_for_status()
        return response.json()


@asynccontextmanager
async def running(
    name: str, create_app: CreateApp[SettingsT], settings: SettingsT
) -> AsyncGenerator[RunningService]:
    """Run a service while the context is open; its topics have to be there."""
    telemetry = configure_telemetry(name, TelemetrySettings())
    app, _ = create_app(identify(name), telemetry, settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=f"http://{name}", timeout=60) as client,
    ):

        async def is_ready() -> bool:
            return (await client.get("/readyz")).is_success

        await eventually(is_ready, timeout=JOINS_WITHIN, message=f"{name} was not ready")
        yield RunningService(client)


async def send(kafka: KafkaSettings, events: Sequence[Event]) -> None:
    """Write recorded events to their topics, as the relay would."""
    topics = Topics(kafka.topic_prefix)
    await send_records(kafka, [encode(event, topics) for event in events])


async def send_records(kafka: KafkaSettings, records: Sequence[OutgoingRecord]) -> None:
    """Write records."""
    producer = KafkaProducer(kafka, client_id="test")
    await producer.start()
    try:
        await producer.write_all(records)
    finally:
        await producer.stop()
