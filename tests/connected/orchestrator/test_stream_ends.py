# SPDX-License-Identifier: Apache-2.0
"""Streams between replicas, of a provider's text, and at the end of a process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.orchestrator.models import ModelProviderSettings
from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.event_stream import Item, items, rest, stream
from tests.support.eventually import eventually
from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import (
    RunningOrchestrator,
    running_orchestrator,
    served_orchestrator,
)

pytestmark = [pytest.mark.connected, pytest.mark.slow]


@asynccontextmanager
async def reader(url: httpx.URL, path: str) -> AsyncGenerator[httpx.Response]:
    async with (
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
        http.stream("GET", path) as response,
    ):
        yield response


async def test_any_replica_streams_what_another_does_and_ends_its_streams_when_it_stops(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    """Safeguard of the end: ``drain``; without it the last chunk is missing, which httpx raises."""
    url = migrated_database.url("orchestrator")
    seen: list[Item] = []
    async with running_orchestrator(url, kafka_settings, tmp_path) as worker:
        session_id = await worker.session(agent="universal")
        async with served_orchestrator(url, kafka_settings, tmp_path) as server:
            base = server.http.base_url
            read = asyncio.create_task(read_all(base, f"/v1/sessions/{session_id}/events", seen))
            turn = await worker.say(session_id, "What is 2 + 3?")
            await eventually(lambda: any(e.event.name() == "task_completed" for e in seen))
        await read

    assert turn["state"] == "completed"
    assert [each.id for each in seen] == list(range(1, len(seen) + 1))


async def test_the_text_of_a_provider_is_streamed_as_it_comes(
    migrated_database: MigratedDatabase,
    kafka_settings: KafkaSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.orchestrator.api.following.HEARTBEAT", timedelta(milliseconds=20))
    url = migrated_database.url("orchestrator")
    with OpenAIServer() as provider:
        providers = ModelProviderSettings(
            agent_model="openai:gpt-4o-mini", openai_base_url=provider.base_url
        )
        provider.script(Answer(text="Forty two is the answer."))
        async with served_orchestrator(
            url, kafka_settings, tmp_path, providers=providers
        ) as server:
            session_id = await server.session(agent="ask")
            path = f"/v1/sessions/{session_id}/messages"
            async with stream(
                server.http, path, method="POST", json={"content": "How much?"}
            ) as source:
                *got, end = await rest(source)
            comments = await heartbeat(server, session_id)

    texts = [each.json for each in got if each.name == "text"]
    assert provider.requests[0]["stream"] is True
    assert "".join(each["text"] for each in texts) == "Forty two is the answer."
    assert end.json["reply"] == "Forty two is the answer."
    assert "ping" in comments


async def heartbeat(server: RunningOrchestrator, session_id: str) -> list[str | None]:
    found: list[str | None] = []
    async with stream(server.http, f"/v1/sessions/{session_id}/events") as source:
        async for each in source:
            found.append(each.comment)
            if each.comment == "ping":
                return found
    return found


async def read_all(base: httpx.URL, path: str, seen: list[Item]) -> None:
    async with reader(base, path) as response:
        async for each in items(response):
            seen += [each] if each.id else []
