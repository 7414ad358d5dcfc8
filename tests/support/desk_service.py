# SPDX-License-Identifier: Apache-2.0
"""The whole service of the desk on a real broker and a real database, in this process."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.dead_letters.app import NAME, create_app
from services.dead_letters.settings import DeadLettersSettings
from shared.events import Topics
from shared.messaging.topics_admin import ensure_topics
from shared.service import identify
from shared.settings import DatabaseSettings, KafkaSettings
from shared.telemetry import TelemetrySettings, configure_telemetry
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually

JOINS_WITHIN = 30
"""How long a first member may take to join a group, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskService:
    """A running desk."""

    app: FastAPI
    client: httpx.AsyncClient
    topics: Topics

    async def get(self, path: str) -> dict[str, Any]:
        """Return what the desk answers."""
        response = await self.client.get(path)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the desk answers."""
        response = await self.client.post(path, json=body)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    async def letters(self) -> list[dict[str, Any]]:
        """Return all letters, those that came last first."""
        found: list[dict[str, Any]] = (await self.get("/v1/dead-letters?limit=500"))["items"]
        return found

    async def only_letter(self, status: str) -> dict[str, Any]:
        """Return the letter when it has that status; there must not be others with it."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = [each for each in await self.letters() if each["status"] == status]
            return bool(found)

        await eventually(there, timeout=JOINS_WITHIN, message=f"no letter was {status}")
        [letter] = found
        return letter

    async def redrive(self, letter_id: str) -> dict[str, Any]:
        """Send a letter back."""
        body = {"operator": "ada", "reason": "mended"}
        return await self.post(f"/v1/dead-letters/{letter_id}/redrive", body)

    async def ready(self) -> bool:
        """Tell whether the desk says that it is."""
        return (await self.client.get("/readyz")).status_code == 200


@asynccontextmanager
async def desk_service(
    database: MigratedDatabase, kafka: KafkaSettings, *, max_redrives: int = 2
) -> AsyncGenerator[DeskService]:
    """Run the desk while the context is open; it is ready when the context begins."""
    await ensure_topics(kafka)
    settings = DeadLettersSettings(
        database=DatabaseSettings(
            url=SecretStr(database.url(NAME)), connect_timeout=timedelta(seconds=2)
        ),
        kafka=kafka,
        max_redrives=max_redrives,
    )
    app, _ = create_app(identify(NAME), configure_telemetry(NAME, TelemetrySettings()), settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://desk") as client,
    ):
        service = DeskService(app=app, client=client, topics=Topics(kafka.topic_prefix))
        await eventually(service.ready, timeout=JOINS_WITHIN, message="the desk was not ready")
        yield service
