# SPDX-License-Identifier: Apache-2.0
"""The traces of turns, as Jaeger tells of them through its query API."""

import json
from collections.abc import Iterable, Set
from contextlib import suppress
from typing import Any

import httpx

from deploy.embedded.demo.services import DemoError
from deploy.embedded.demo.traces import Trace
from deploy.embedded.demo.waiting import until
from shared.telemetry import attributes as names

SEARCHED_SERVICE = "agent-runtime-orchestrator"
MOST_TRACES = 100


class Jaeger:
    """The query API of Jaeger, which is the one that its own pages use."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport

    async def traces_of(
        self, correlation_ids: Iterable[str], *, services: Set[str]
    ) -> dict[str, list[Trace]]:
        """Return the traces in which something was done for each correlation id.

        Spans are sent in their own time: a trace is waited for until it has spans of all
        ``services``, and given as it is when it never does.

        Raises:
            DemoError: Jaeger does not answer, or has nothing of a turn at all.
        """
        async with httpx.AsyncClient(
            base_url=self._url, timeout=10, trust_env=False, transport=self._transport
        ) as client:
            return {each: await _whole(client, each, services) for each in correlation_ids}


async def _whole(client: httpx.AsyncClient, correlation_id: str, services: Set[str]) -> list[Trace]:
    found: list[Trace] = []

    async def look() -> list[Trace] | None:
        found[:] = await _search(client, correlation_id)
        return found if any(services <= trace.services for trace in found) else None

    with suppress(DemoError):  # what is missing in a trace is told as a problem
        return await until(f"the spans of all services for {correlation_id}", look)
    if not found:
        raise DemoError(f"Jaeger has no trace of the turn with correlation id {correlation_id}")
    return found


async def _search(client: httpx.AsyncClient, correlation_id: str) -> list[Trace]:
    tags = json.dumps({names.MESSAGING_MESSAGE_CONVERSATION_ID: correlation_id})
    try:
        response = await client.get(
            "/api/traces",
            params={"service": SEARCHED_SERVICE, "tags": tags, "limit": MOST_TRACES},
        )
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise DemoError(f"Jaeger does not tell: {error}") from error
    return [_trace(each) for each in response.json()["data"] or ()]


def _trace(found: Any) -> Trace:
    processes = found["processes"]
    return Trace(
        trace_id=found["traceID"],
        spans=len(found["spans"]),
        services=frozenset(processes[span["processID"]]["serviceName"] for span in found["spans"]),
    )
