# SPDX-License-Identifier: Apache-2.0
"""The history of a session over HTTP: events, timeline, and state at a point."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.persistence.api.parameters import FromSequence, Limit, SessionId, point
from services.persistence.queries.history import HistoryQueries
from services.persistence.queries.points import PointQueries
from services.persistence.views.diff import Diff
from services.persistence.views.events import EventPage
from services.persistence.views.knowledge import Knowledge
from services.persistence.views.state import State
from services.persistence.views.timeline import Timeline


def add_event_routes(router: APIRouter, history: HistoryQueries, points: PointQueries) -> None:
    """Add the routes of the history to ``router``."""

    @router.get("/sessions/{session_id}/events", tags=["history"])
    async def list_events(
        session_id: SessionId, from_sequence: FromSequence = 1, limit: Limit = 100
    ) -> EventPage:
        """Return events as they came, with headers and Kafka coordinates."""
        return await history.events(session_id, from_sequence=from_sequence, limit=limit)

    @router.get("/sessions/{session_id}/timeline", tags=["history"])
    async def get_timeline(
        session_id: SessionId, from_sequence: FromSequence = 1, limit: Limit = 200
    ) -> Timeline:
        """Return events as lines, indented by what caused them."""
        return await history.timeline(session_id, from_sequence=from_sequence, limit=limit)

    @router.get("/sessions/{session_id}/state", tags=["history"])
    async def get_state(
        session_id: SessionId,
        at: Annotated[
            str | None,
            Query(max_length=64, description="an event's number or a time as in RFC 3339; or now"),
        ] = None,
    ) -> State:
        """Return what the session was at a point of its history."""
        return await history.state(session_id, at=point(at))

    @router.get("/sessions/{session_id}/diff", tags=["history"])
    async def get_diff(
        session_id: SessionId,
        begins: Annotated[str | None, Query(alias="from", max_length=64)] = None,
        ends: Annotated[str | None, Query(alias="to", max_length=64)] = None,
    ) -> Diff:
        """Return what is different between two points, each as in `state`."""
        return await points.diff(session_id, point(begins), point(ends))

    @router.get("/sessions/{session_id}/knowledge", tags=["history"])
    async def get_knowledge(
        session_id: SessionId, at: Annotated[str | None, Query(max_length=64)] = None
    ) -> Knowledge:
        """Return what each agent knew at a point: its last messages, and what waited for people."""
        return await points.knowledge(session_id, point(at))
