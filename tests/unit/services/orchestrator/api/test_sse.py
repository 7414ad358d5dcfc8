# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from starlette.types import Message, Scope

from services.orchestrator.api.sse import EventStream, item

SCOPE: Scope = {"type": "http", "asgi": {"spec_version": "2.3"}}


async def endless() -> AsyncGenerator[bytes]:
    while True:
        yield item("x")


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def gone() -> Message:
    return {"type": "http.disconnect"}


def test_only_what_can_be_resumed_from_has_an_id() -> None:
    assert item('{"a":1}', sequence=7) == b'data: {"a":1}\nid: 7\n\n'
    assert item("{}", event="text") == b"event: text\ndata: {}\n\n"


async def test_a_reader_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Safeguard: PATIENCE; without it one stuck client holds its place for ever."""
    monkeypatch.setattr("services.orchestrator.api.sse.PATIENCE", timedelta(milliseconds=1))
    ended: list[bool] = []
    response = EventStream(endless(), on_end=lambda: ended.append(True))

    async def stuck(_: Message) -> None:
        await asyncio.Event().wait()

    await response(SCOPE, never, stuck)

    assert ended == [True]


async def test_a_reader_that_left_before_the_first_item_holds_nothing() -> None:
    ended: list[bool] = []
    response = EventStream(endless(), on_end=lambda: ended.append(True))

    async def send(_: Message) -> None:
        await asyncio.sleep(0)

    await response(SCOPE, gone, send)

    assert ended == [True]
