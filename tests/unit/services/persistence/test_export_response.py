# SPDX-License-Identifier: Apache-2.0
"""An export is closed when nobody reads it any more, whichever way that shows."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from services.persistence.api.export import ExportResponse


class Recorded:
    """Lines without an end."""

    def __init__(self) -> None:
        self.closed = 0

    @property
    def lines(self) -> AsyncGenerator[bytes]:
        return self._lines()

    async def close(self) -> None:
        await asyncio.sleep(0)  # as a database takes its time: nobody cancels this
        self.closed += 1

    async def _lines(self) -> AsyncGenerator[bytes]:
        while True:
            yield b"{}\n"


def scope(version: str) -> dict[str, Any]:
    return {"type": "http", "asgi": {"spec_version": version}}


async def test_it_is_closed_when_the_server_says_that_the_client_left() -> None:
    """Safeguard: ``finally`` in ``ExportResponse``."""
    export, left = Recorded(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        left.set()
        await asyncio.sleep(0)

    await ExportResponse(export)(scope("2.3"), receive, send)

    assert export.closed == 1


async def test_it_is_closed_when_the_server_cannot_send() -> None:
    """Safeguard: ``finally`` in ``ExportResponse``."""
    export = Recorded()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    with pytest.raises(ClientDisconnect):
        await ExportResponse(export)(scope("2.4"), receive, send)

    assert export.closed == 1
