# SPDX-License-Identifier: Apache-2.0
"""How much is logged, over HTTP: altogether, and of a session."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.audit.api.entry_views import MAX_PAGE, EntryPage
from services.audit.api.summary_views import Counts, Session
from services.audit.api.view import found
from services.audit.store.entry_queries import EntryFilter, EntryQueries
from services.audit.store.summary_queries import SummaryQueries

SessionId = Annotated[str, Path(max_length=512, pattern=r"^[^\x00]+$")]


def summaries_router(*, summaries: SummaryQueries, entries: EntryQueries) -> APIRouter:
    """Return the routes of the summaries."""
    router = APIRouter(prefix="/v1", tags=["summaries"])

    @router.get("/sessions/{session_id}")
    async def get_session(session_id: SessionId) -> Session:
        """Return what is logged of a session, and what is missing."""
        summary = found(
            await summaries.session(session_id), f"nothing is logged of session {session_id!r}"
        )
        wanted = EntryFilter(session_id=session_id)
        page = await entries.entries(wanted, after=None, limit=MAX_PAGE)
        return Session.of(session_id, summary, EntryPage.of(page, limit=MAX_PAGE))

    @router.get("/counts")
    async def get_counts() -> Counts:
        """Return how many records were logged, by type of event and by log."""
        return Counts.of(await summaries.counts())

    return router
