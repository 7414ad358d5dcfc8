# SPDX-License-Identifier: Apache-2.0
"""The orchestrator in the process of a test, on real servers, asked over HTTP."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.orchestrator.app import create_app
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.tools import BUILT_IN, Tool
from shared.messaging.topics_admin import ensure_topics
from shared.service import identify
from shared.settings import DatabaseSettings, KafkaSettings, RetrySettings
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.setup import configure_telemetry
from tests.support.serving import served


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningOrchestrator:
    """A replica of the orchestrator."""

    http: httpx.AsyncClient
    workspaces: Path

    async def session(self, **fields: Any) -> str:
        """Create a session and return its id."""
        response = await self.http.post("/v1/sessions", json=fields)
        assert response.status_code == 201, response.text
        session_id: str = response.json()["id"]
        return session_id

    async def say(self, session_id: str, content: str, *, wait: float = 20) -> dict[str, Any]:
        """Send a message and return its turn, ended or waiting."""
        response = await self.http.post(
            f"/v1/sessions/{session_id}/messages", json={"content": content}, params={"wait": wait}
        )
        assert response.status_code in {200, 202}, response.text
        turn: dict[str, Any] = response.json()
        return turn

    async def decide(
        self, session_id: str, approval: dict[str, Any], decision: str, **fields: Any
    ) -> httpx.Response:
        """Answer the question to a person."""
        return await self.http.post(
            f"/v1/sessions/{session_id}/approvals/{approval['id']}",
            json={"decision": decision, "decided_by": "ann", **fields},
        )

    async def turn(self, turn: dict[str, Any], *, wait: float = 20) -> dict[str, Any]:
        """Return a turn when it has ended or waits."""
        response = await self.http.get(
            f"/v1/sessions/{turn['session_id']}/turns/{turn['id']}", params={"wait": wait}
        )
        found: dict[str, Any] = response.json()
        return found


@asynccontextmanager
async def running_orchestrator(
    database_url: str, kafka: KafkaSettings, workspaces: Path, **fields: Any
) -> AsyncGenerator[RunningOrchestrator]:
    """Run a replica until the end of the block."""
    app = await _application(database_url, kafka, workspaces, **fields)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://orchestrator") as http,
    ):
        yield RunningOrchestrator(http=http, workspaces=workspaces)


@asynccontextmanager
async def served_orchestrator(
    database_url: str, kafka: KafkaSettings, workspaces: Path, **fields: Any
) -> AsyncGenerator[RunningOrchestrator]:
    """Run a replica behind a real HTTP server, as streams need it."""
    app = await _application(database_url, kafka, workspaces, **fields)
    async with (
        app.router.lifespan_context(app),
        served(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        yield RunningOrchestrator(http=http, workspaces=workspaces)


async def _application(
    database_url: str,
    kafka: KafkaSettings,
    workspaces: Path,
    *,
    tools: Iterable[Tool] = BUILT_IN,
    **fields: Any,
) -> FastAPI:
    await ensure_topics(kafka)
    settings = OrchestratorSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        kafka=kafka,
        retry=RetrySettings.model_validate({"initial_delay": 0.01}),
        workspace_root=workspaces,
        **fields,
    )
    telemetry = configure_telemetry("orchestrator", TelemetrySettings())
    app, _ = create_app(identify("orchestrator"), telemetry, settings, tools=tools)
    return app
