# SPDX-License-Identifier: Apache-2.0
"""Reads server-sent events as a client does."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from shared.events import Event
from shared.messaging import Record, decode

STRUCTURED = "application/cloudevents+json"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a stream; a comment has neither name nor data."""

    name: str = "message"
    id: int | None = None
    data: str = ""
    comment: str | None = None

    @property
    def json(self) -> Any:
        """The data as JSON."""
        return json.loads(self.data)

    @property
    def event(self) -> Event:
        """The event that the data is, read as any CloudEvent in structured mode."""
        headers = (("content-type", STRUCTURED.encode()),)
        return decode(Record("", 0, 0, 0, None, self.data.encode(), headers))


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, path: str, *, method: str = "GET", **request: Any
) -> AsyncGenerator[AsyncIterator[Item]]:
    """Open a stream and give its items; what is no stream fails."""
    headers = {"accept": "text/event-stream", **request.pop("headers", {})}
    async with http.stream(method, path, headers=headers, **request) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield items(response)


async def items(response: httpx.Response) -> AsyncGenerator[Item]:
    """Yield the items of a response."""
    lines: list[str] = []
    async for line in response.aiter_lines():
        if line:
            lines.append(line)
            continue
        yield _item(lines)
        lines = []


async def take(source: AsyncIterator[Item], count: int) -> list[Item]:
    """Return the next events of a stream, leaving out comments and text."""
    found: list[Item] = []
    while len(found) < count:
        each = await anext(source)
        if each.id is not None:
            found.append(each)
    return found


async def rest(source: AsyncIterator[Item]) -> list[Item]:
    """Return all items until the stream ends, leaving out comments."""
    return [each async for each in source if each.comment is None]


def _item(lines: list[str]) -> Item:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name] = value
    if "data" not in fields:
        return Item(comment=fields.get("", ""))
    id_ = fields.get("id")
    return Item(
        name=fields.get("event", "message"),
        id=None if id_ is None else int(id_),
        data=fields["data"],
    )
