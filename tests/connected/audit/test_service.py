# SPDX-License-Identifier: Apache-2.0
"""The whole service on a real broker and a real database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.audit.app import NAME, create_app
from services.audit.settings import AuditSettings
from services.audit.transparency import Proof, VerifierKey
from shared.errors import ConfigurationError
from shared.messaging import KafkaEventBus, OutgoingRecord
from shared.messaging.topics_admin import ensure_topics
from shared.service import identify
from shared.settings import DatabaseSettings, KafkaSettings
from shared.telemetry import TelemetrySettings, configure_telemetry
from tests.support.audit_service import message
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

JOINS_WITHIN = 30
"""How long a first member may take to join a group, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditService:
    client: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.client.get(path, params=query)
        response.raise_for_status()
        return response.json()

    async def until_logged(self, records: int) -> Any:
        counts: Any = None

        async def logged() -> bool:
            nonlocal counts
            counts = await self.get("/v1/counts")
            return bool(counts["total"]["records"] >= records)

        await eventually(logged, timeout=JOINS_WITHIN, message=f"{records} records not logged")
        return counts

    async def is_ready(self) -> bool:
        return (await self.client.get("/readyz")).status_code == 200


@asynccontextmanager
async def audit_service(settings: AuditSettings) -> AsyncGenerator[AuditService]:
    telemetry = configure_telemetry(NAME, TelemetrySettings())
    app, _ = create_app(identify(NAME), telemetry, settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://audit") as client,
    ):
        service = AuditService(client=client)
        await eventually(service.is_ready, timeout=JOINS_WITHIN, message="not ready")
        yield service


@pytest.fixture
async def settings(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings, tmp_path: Path
) -> AuditSettings:
    await ensure_topics(kafka_settings)
    return AuditSettings(
        database=DatabaseSettings(url=SecretStr(migrated_database.url(NAME))),
        kafka=kafka_settings,
        signing_key_file=tmp_path / "audit.pem",
        generate_key=True,
    )


@pytest.fixture
async def bus(settings: AuditSettings) -> AsyncGenerator[KafkaEventBus]:
    bus = KafkaEventBus(settings.kafka, service="orchestrator", version="1")
    await bus.start()
    yield bus
    await bus.stop()


async def test_every_record_is_logged_signed_and_proved(
    settings: AuditSettings, bus: KafkaEventBus
) -> None:
    poison = OutgoingRecord(bus.topics.infrastructure, None, b"\xff", (("ce_id", None),))
    async with audit_service(settings) as audit:
        for number in range(5):
            await bus.publish(message(number))
        await bus.producer.write(poison)
        await audit.until_logged(7)  # with the start of the service itself

        async def is_signed() -> bool:
            logs = await audit.get("/v1/logs")
            return all(log["entries"] == log["signed_entries"] for log in logs)

        await eventually(is_signed)
        keys = {log["id"]: log["verifier_key"] for log in await audit.get("/v1/logs")}
        entries = (await audit.get("/v1/entries"))["entries"]
        for entry in entries:
            proof = await audit.client.get(f"/v1/entries/{entry['log']}/{entry['index']}/proof")
            Proof.parse(proof.text).verify(VerifierKey.parse(keys[entry["log"]]))
        session = await audit.get("/v1/sessions/s-1")
        report = (await audit.client.post("/v1/verify", json={})).json()

    assert [each["problem"] for each in entries if each["problem"]] == ["headers"]
    assert (session["events"], session["gaps"]) == (5, [])
    assert report["ok"]


async def test_a_service_that_is_started_again_goes_on_where_it_was(
    settings: AuditSettings, bus: KafkaEventBus
) -> None:
    await bus.publish(message(0))
    async with audit_service(settings) as audit:
        await audit.until_logged(2)
    await bus.publish(message(1))

    async with audit_service(settings) as audit:
        counts = await audit.until_logged(5)  # two messages, two starts, one stop
        report = (await audit.client.post("/v1/verify", json={})).json()
        logs = await audit.get("/v1/logs")

    assert counts["total"] == {"records": 5, "events": 5, "duplicates": 0, "opaque": 0}
    assert report["ok"]
    assert sum(log["missing"] for log in logs) == 0


async def test_what_was_logged_is_signed_when_the_service_has_stopped(
    settings: AuditSettings, bus: KafkaEventBus
) -> None:
    slow = settings.model_copy(update={"checkpoint_interval": 10 * settings.checkpoint_interval})
    async with audit_service(slow) as audit:
        await bus.publish(message(0))
        await audit.until_logged(2)
        await bus.publish(message(1))
        await audit.until_logged(3)

    async with audit_service(slow) as audit:
        report = (await audit.client.post("/v1/verify", json={})).json()

    assert sum(log["proven"] for log in report["logs"]) >= 3


async def test_without_a_key_the_service_does_not_start(settings: AuditSettings) -> None:
    keyless = settings.model_copy(update={"generate_key": False})

    with pytest.raises(ConfigurationError, match="openssl genpkey -algorithm ed25519"):
        create_app(identify(NAME), configure_telemetry(NAME, TelemetrySettings()), keyless)
