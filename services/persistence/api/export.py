# SPDX-License-Identifier: Apache-2.0
"""Exports over HTTP."""

from collections.abc import AsyncIterable
from typing import Annotated, Protocol

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.persistence.api.parameters import Name, SessionId
from services.persistence.queries.export import ExportQueries, Taking

MEDIA_TYPE = "application/x-ndjson"


class Closing(Protocol):
    """Lines that are closed once nobody reads them any more."""

    @property
    def lines(self) -> AsyncIterable[bytes]:
        """Return the lines."""
        ...

    async def close(self) -> None:
        """Close them."""


class ExportResponse(StreamingResponse):
    """Sends an export, and closes it, also if the client went away before its end."""

    media_type = MEDIA_TYPE

    def __init__(self, export: Closing) -> None:
        super().__init__(export.lines)
        self._export = export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._export.close()


def add_export_routes(router: APIRouter, exports: ExportQueries) -> None:
    """Add the routes of exports to ``router``."""

    @router.get("/sessions/{session_id}/export", tags=["history"], response_class=StreamingResponse)
    async def export_session(
        session_id: SessionId,
        *,
        exported_by: Annotated[Name, Query(description="who takes it out")] = "anonymous",
        reason: Annotated[str, Query(max_length=2000, pattern=r"^[^\x00]*$")] = "",
    ) -> ExportResponse:
        """Return a session as lines of JSON: a manifest, its events as they came, and the end.

        Each line has a digest over itself and the line before. `HistoryExported` tells who took
        it, and whether the client went away before the end.
        """
        taking = Taking(session_id=session_id, by=exported_by, reason=reason)
        return ExportResponse(await exports.export(taking))
