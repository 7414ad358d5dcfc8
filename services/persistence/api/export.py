# SPDX-License-Identifier: Apache-2.0
"""Exports over HTTP."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from services.persistence.api.parameters import SessionId
from services.persistence.queries.export import ExportQueries

MEDIA_TYPE = "application/x-ndjson"


def add_export_routes(router: APIRouter, exports: ExportQueries) -> None:
    """Add the routes of exports to ``router``."""

    @router.get("/sessions/{session_id}/export", tags=["history"], response_class=StreamingResponse)
    async def export_session(session_id: SessionId) -> StreamingResponse:
        """Return a session as lines of JSON: a manifest, its events as they came, and the end.

        Each line has a digest over itself and the line before.
        """
        return StreamingResponse(await exports.export(session_id), media_type=MEDIA_TYPE)
