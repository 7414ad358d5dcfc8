# SPDX-License-Identifier: Apache-2.0
"""The entries over HTTP: what is logged, and the proof of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from services.audit.api.entry_views import EntryPage, EntryQuery
from services.audit.api.view import LogId, found
from services.audit.store.entry_queries import EntryQueries
from services.audit.store.evidence import Evidence
from services.audit.trail.appending import Place
from shared.http import Problem

Index = Annotated[int, Path(ge=0, lt=2**63)]


def entries_router(*, queries: EntryQueries, evidence: Evidence) -> APIRouter:
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

    return router
