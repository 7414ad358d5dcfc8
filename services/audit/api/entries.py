# SPDX-License-Identifier: Apache-2.0
"""The entries over HTTP: what is logged, of whom, and the proof of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from services.audit.api.entry_views import MAX_PAGE, Counts, EntryPage, EntryQuery, Session
from services.audit.api.view import LogId, found
from services.audit.store.evidence import Evidence
from services.audit.store.queries import AuditQueries, EntryFilter
from services.audit.trail.appending import Place
from shared.http import Problem

Index = Annotated[int, Path(ge=0, lt=2**63)]
SessionId = Annotated[str, Path(max_length=512, pattern=r"^[^\x00]+$")]


def entries_router(*, queries: AuditQueries, evidence: Evidence) -> APIRouter:
    """Return the routes of the entries."""
    router = APIRouter(prefix="/v1", tags=["entries"])

    @router.get("/entries")
    async def list_entries(query: Annotated[EntryQuery, Query()]) -> EntryPage:
        """Return entries, log by log, in the order in which they were logged."""
        entries = await queries.entries(query.filter(), after=query.after(), limit=query.limit)
        return EntryPage.of(entries, limit=query.limit)

    @router.get("/entries/{log}/{index}/proof", response_class=PlainTextResponse)
    async def get_proof(log: LogId, index: Index) -> str:
        """Return the proof that an entry is in its log (c2sp.org/tlog-proof)."""
        place = Place(log, index)
        found(await queries.entry(place), f"log {log} has no entry {index}")
        proof = await evidence.proof(place)
        if proof is None:
            raise Problem(409, "Conflict", f"entry {index} is not in a checkpoint yet; try again")
        return str(proof)

    @router.get("/sessions/{session_id}")
    async def get_session(session_id: SessionId) -> Session:
        """Return what is logged of a session, and what is missing."""
        summary = found(
            await queries.session(session_id), f"nothing is logged of session {session_id!r}"
        )
        wanted = EntryFilter(session_id=session_id)
        entries = await queries.entries(wanted, after=None, limit=MAX_PAGE)
        return Session.of(session_id, summary, EntryPage.of(entries, limit=MAX_PAGE))

    @router.get("/counts")
    async def get_counts() -> Counts:
        """Return how many records were logged, by type of event and by log."""
        return Counts.of(await queries.counts())

    return router
