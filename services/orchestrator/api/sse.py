# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: how they are written, and how they are sent to readers that may be slow."""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable
from datetime import timedelta

from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=30)
"""How long a reader may take to accept what is sent, before the connection is given up."""

HELLO = format_sse_event(comment="connected", retry=1000)
PING = format_sse_event(comment="ping")

EVENT_STREAM = "text/event-stream"

STREAM = {
    EVENT_STREAM: {
        "schema": {
            "type": "string",
            "description": "Items without a name are events: a CloudEvent in structured mode as "
            "data, and its sequence as id. `text` is a piece of text that a model writes, with its "
            "turn, step and offset; `reset` says that events before `first_sequence` are left out; "
            "`end` is the last item, and has the state of the session, or the turn.",
        }
    }
}
"""A stream, as the OpenAPI document has it."""


def item(data: str, *, event: str | None = None, sequence: int | None = None) -> bytes:
    """Return one event as it is sent; only what has a sequence can be resumed from."""
    id_ = None if sequence is None else str(sequence)
    return format_sse_event(data_str=data, event=event, id=id_)


def wants_stream(request: Request) -> bool:
    """Tell whether the client asked for a stream in place of a document."""
    accepted = request.headers.get("accept", "")
    return any(part.partition(";")[0].strip() == EVENT_STREAM for part in accepted.split(","))


class EventStream(StreamingResponse):
    """A response that goes on until its items end or its reader leaves.

    Items are made when the connection takes them, so a slow reader makes nothing pile up.
    ``on_end`` is called in the end, also if the reader left before the first item.
    """

    media_type = EVENT_STREAM

    def __init__(self, items: AsyncIterable[bytes], *, on_end: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(items, headers=headers)
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the items; give up on a reader that takes none."""

        async def patient(message: Message) -> None:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await send(message)

        try:
            await super().__call__(scope, receive, patient)
        except TimeoutError:
            logger.info("reader takes nothing, so its stream ends")
        finally:
            self._on_end()
