# SPDX-License-Identifier: Apache-2.0
"""The endpoint that streams the events of a session."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from services.orchestrator.api.dependencies import SessionId
from services.orchestrator.api.sse import STREAM, EventStream
from services.orchestrator.api.streaming import session_items
from services.orchestrator.domain.session import SessionState
from services.orchestrator.live import SessionFeed
from services.orchestrator.store.events import kept_events, position_after
from services.orchestrator.store.sessions import find_session
from shared.database import Database
from shared.http import Problem
from shared.http.openapi import problem

Sequence = Annotated[int | None, Query(ge=0, le=2**62, description="the last event received")]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern="^[0-9]{1,18}$",
        description="the last event received, as browsers send it; it goes before `after`",
    ),
]

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The events, each with its sequence as id.", "content": STREAM},
    204: {"description": "The session has ended and there are no more events."},
    410: problem("Some of the events are kept no more; `first_sequence` is the first that is."),
}


def events_router(database: Database, feed: SessionFeed) -> APIRouter:
    """Return the endpoint of streams."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["events"])

    @router.get("/events", status_code=200, response_class=EventStream, responses=RESPONSES)
    async def stream_events(
        session_id: SessionId,
        after: Sequence = None,
        last_event_id: LastEventId = None,
        text: Annotated[bool, Query(description="also send text while it is written")] = True,
    ) -> Response:
        """Send the events of a session as they happen, until it has ended.

        Each is a CloudEvent as it is on Kafka, and its `id` is its sequence: send the last one you
        have as `Last-Event-ID` to go on after it, at any replica. Events are kept here for a day;
        410 says that some of those asked for are not, and from where on they are. 204 says that the
        session has ended and you have all of it.
        """
        session = await find_session(database, session_id)
        known = int(last_event_id) if last_event_id else after
        if known is not None and known > session.last_sequence:
            raise Problem(
                422, "Invalid request", f"the session has {session.last_sequence} events so far"
            )
        if known == session.last_sequence and session.state is not SessionState.ACTIVE:
            return Response(status_code=204)
        position = await _position(session_id, known)
        watch = feed.open(session_id, text=text)
        items = session_items(database, watch, position=position, sequence=known or 0)
        return EventStream(items, on_end=lambda: feed.close(watch))

    async def _position(session_id: str, known: int | None) -> int:
        async with database.connect() as connection:
            position = await position_after(connection, session_id, known or 0)
            first = await kept_events(connection, session_id, behind=position, limit=1)
        if known is not None and first and first[0].sequence != known + 1:
            raise _gone(first[0].sequence)
        return position

    return router


def _gone(first: int) -> Problem:
    return Problem(
        410,
        "Gone",
        f"the stream keeps the events from {first} on; read earlier ones from the history",
        first_sequence=first,
    )
