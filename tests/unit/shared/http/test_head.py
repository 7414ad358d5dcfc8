# SPDX-License-Identifier: Apache-2.0
"""Without ``HeadAsGet`` FastAPI answers HEAD with 405, and so with an error to every probe."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from shared.http.head import HeadAsGet


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/orders")
    async def order() -> None: ...

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        return StreamingResponse(ticks(), media_type="text/event-stream")

    app.add_middleware(HeadAsGet)
    return app


async def ticks() -> AsyncGenerator[str]:
    while True:
        yield "tick\n"
        await asyncio.sleep(0)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def test_head_is_answered_like_get_without_the_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/healthz"), await client.head("/healthz")

    assert head.status_code == got.status_code == 200
    assert head.headers == got.headers
    assert got.content
    assert head.content == b""


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/orders", 405)])
async def test_head_finds_nothing_where_get_finds_nothing(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    head = await client.head(path)

    assert (head.status_code, head.content) == (status, b"")


async def test_head_of_a_stream_without_an_end_ends(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10):
        head = await client.head("/endless")

    assert head.headers["content-type"].startswith("text/event-stream")
    assert head.content == b""
