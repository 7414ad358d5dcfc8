# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.http.stopping import AnswerWhenStopped

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def cut_off(app: Any, *, after: asyncio.Event) -> list[Message]:
    """Return what a client gets of a request that is cancelled while it is under way."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    request = asyncio.create_task(AnswerWhenStopped(app)(SCOPE, receive, send))
    await after.wait()
    request.cancel()
    await asyncio.wait([request])
    if request.cancelled():
        raise asyncio.CancelledError
    return sent


async def test_a_request_that_is_cut_off_by_a_stop_may_be_sent_again() -> None:
    """The safeguard is that the cancellation is caught: without it the client gets a 500."""
    waiting = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        waiting.set()
        await asyncio.Event().wait()

    start, *_ = await cut_off(app, after=waiting)

    assert start["status"] == httpx.codes.SERVICE_UNAVAILABLE
    assert b"retry-after" in dict(start["headers"])


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    waiting = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        waiting.set()
        await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await cut_off(app, after=waiting)
