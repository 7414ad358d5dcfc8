# SPDX-License-Identifier: Apache-2.0
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI
from opentelemetry.trace import get_current_span
from starlette.responses import StreamingResponse

from shared.telemetry import Telemetry
from shared.telemetry.http import http_telemetry
from shared.telemetry.instruments import HTTP_METRICS
from tests.support.otlp_receiver import OtlpReceiver

Configure = Callable[..., Telemetry]


def _app(telemetry: Telemetry) -> FastAPI:
    app = FastAPI(telemetry=http_telemetry(telemetry))
    router = APIRouter(prefix="/v1")

    @router.get("/sessions/{session_id}")
    async def session(session_id: str, tasks: BackgroundTasks) -> str:
        with telemetry.tracing.child_span("SELECT"):
            tasks.add_task(str)
            return session_id

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncGenerator[bytes]:
            for _ in range(5):
                yield b"part"

        return StreamingResponse(parts())

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    @router.get("/current-span")
    async def current_span() -> bool:
        return get_current_span().get_span_context().is_valid

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    app.include_router(router)
    return app


def _client(telemetry: Telemetry) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(_app(telemetry), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_a_request_is_a_server_span_named_for_its_route(
    configure: Configure, receiver: OtlpReceiver
) -> None:
    telemetry = configure("audit", **receiver.environment())
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with _client(telemetry) as client:
        await client.get("/v1/sessions/s-1", headers={"traceparent": parent})
    telemetry.shutdown()

    database, request = receiver.spans()
    assert (request.name, request.kind) == ("GET /v1/sessions/{session_id}", "SERVER")
    assert request.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert request.parent_span_id == "b7ad6b7169203331"
    assert request.attributes["http.route"] == "/v1/sessions/{session_id}"
    assert request.attributes["http.response.status_code"] == 200
    assert (database.name, database.parent_span_id) == ("SELECT", request.span_id)


async def test_a_stream_is_one_span(configure: Configure, receiver: OtlpReceiver) -> None:
    telemetry = configure("audit", **receiver.environment())
    async with _client(telemetry) as client:
        await client.get("/v1/stream")
    telemetry.shutdown()

    assert [span.name for span in receiver.spans()] == ["GET /v1/stream"]


async def test_a_request_that_fails_is_a_failed_span(
    configure: Configure, receiver: OtlpReceiver
) -> None:
    telemetry = configure("audit", **receiver.environment())
    async with _client(telemetry) as client:
        await client.get("/v1/broken")
    telemetry.shutdown()

    (span,) = receiver.spans()
    assert (span.status, span.attributes["error.type"]) == ("ERROR", "RuntimeError")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_are_not_traced(
    configure: Configure, receiver: OtlpReceiver, path: str
) -> None:
    telemetry = configure("audit", **receiver.environment())
    async with _client(telemetry) as client:
        await client.get(path)
    telemetry.shutdown()

    assert receiver.spans() == []


async def test_requests_are_counted_by_method_route_and_status(configure: Configure) -> None:
    telemetry = configure()
    async with _client(telemetry) as client:
        for number in range(300):
            await client.get(f"/v1/sessions/{number}")
        await client.get("/v1/nowhere")
        await client.request("SURPRISE", "/v1/nowhere")
        await client.get("/healthz")

    text = telemetry.metrics_text()[0].decode()
    counts = {line for line in text.splitlines() if "request_duration_seconds_count" in line}
    name = "http_server_request_duration_seconds_count"
    assert counts == {
        f'{name}{{http_request_method="GET",http_response_status_code="200",'
        'http_route="/v1/sessions/{session_id}"} 300.0',
        f'{name}{{http_request_method="GET",http_response_status_code="404",http_route=""}} 1.0',
        f'{name}{{http_request_method="_OTHER",http_response_status_code="404",http_route=""}} 1.0',
    }
    for metric in HTTP_METRICS:
        assert f"# TYPE {metric} " in text


async def test_where_tracing_is_off_requests_have_no_span(configure: Configure) -> None:
    async with _client(configure()) as client:
        response = await client.get("/v1/current-span")

    assert response.json() is False
