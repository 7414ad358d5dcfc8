# SPDX-License-Identifier: Apache-2.0
"""The persistence service on a real database, without a broker; and what is in its tables."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from services.persistence.api import history_router
from services.persistence.handlers import PersistenceSubscriber
from services.persistence.projections import READ_MODELS, Rows, project
from services.persistence.store import PersistenceStore
from services.persistence.tables import metadata
from shared.database import Database
from shared.events import Event
from shared.http import install_problems
from shared.messaging import Delivery
from shared.settings import DatabaseSettings
from shared.telemetry import Tracing
from tests.support.databases import MigratedDatabase
from tests.support.event_streams import delivered

ReadModelRows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestHistory:
    """The parts of the service, as its own role."""

    __test__ = False

    database: Database
    subscriber: PersistenceSubscriber
    client: httpx.AsyncClient

    async def take(self, *events: Event) -> int:
        """Take in events as one batch; return how many were stored before."""
        return await self.subscriber.apply(delivered(events))

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table by their key."""
        found = metadata.tables[f"persistence.{table}"]
        query = select(found).order_by(*found.primary_key.columns)
        async with self.database.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def read_models(self) -> ReadModelRows:
        """Return the rows of all read models."""
        return {model.name: await self.rows(model.name) for model in READ_MODELS}

    async def places(self) -> list[tuple[str, int]]:
        """Return where events are stored."""
        return [(row["aggregate_id"], row["sequence"]) for row in await self.rows("events")]

    async def get(self, path: str, status: int = 200, **parameters: Any) -> dict[str, Any]:
        """Return what the service answers."""
        response = await self.client.get(path, params=parameters)
        assert response.status_code == status, response.text
        expected = "application/json" if status == 200 else "application/problem+json"
        assert response.headers["content-type"] == expected
        found: dict[str, Any] = response.json()
        return found


@asynccontextmanager
async def history_on(database: MigratedDatabase) -> AsyncGenerator[TestHistory]:
    """Give the service as its own role on a database."""
    url = database.url("persistence")
    pool = Database(DatabaseSettings.model_validate({"url": url}))
    app = FastAPI()
    install_problems(app)
    store = PersistenceStore(pool, Tracing.off())
    app.include_router(history_router(pool, store, installation="here"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    subscriber = PersistenceSubscriber(store)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://history") as client:
            yield TestHistory(database=pool, subscriber=subscriber, client=client)
    finally:
        await pool.stop()


def folded(events: Sequence[Event]) -> ReadModelRows:
    """Return the rows that the read models have to have after ``events``, all in order."""
    rows = Rows()
    for event in events:
        project(event, rows)
    return {
        model.name: [
            _as_stored(model.name, {**dict(zip(model.key, key, strict=True)), **row})
            for key, row in sorted(rows.of(model).items())
        ]
        for model in READ_MODELS
    }


def _as_stored(name: str, row: dict[str, Any]) -> dict[str, Any]:
    table = metadata.tables[f"persistence.{name}"]
    full = {
        column.name: 0 if column.server_default is not None else None for column in table.columns
    }
    for column in ("arguments", "decided_arguments"):
        if row.get(column):
            row[column] = json.loads(row[column])
    return {**full, **row}


def moved(delivery: Delivery, **where: Any) -> Delivery:
    """Return a delivery from somewhere else on Kafka."""
    return replace(delivery, record=replace(delivery.record, **where))
