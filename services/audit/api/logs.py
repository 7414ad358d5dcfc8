# SPDX-License-Identifier: Apache-2.0
"""The logs over HTTP: how far they go, what was signed, and whether all of it is sound."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse, StreamingResponse

from services.audit.api.log_views import (
    Consistency,
    Log,
    LogVerdict,
    VerificationReport,
    VerifyRequest,
)
from services.audit.api.view import LogId, found
from services.audit.store.evidence import Evidence
from services.audit.store.log_queries import LogQueries
from services.audit.store.log_reader import LogReader
from services.audit.trail.export import write_page
from services.audit.transparency import VerificationError
from services.audit.transparency.note import encode
from services.audit.verifier import KeyOf, LogVerifier
from shared.http import Problem

Size = Annotated[int, Query(ge=0, lt=2**63)]


def logs_router(
    *,
    queries: LogQueries,
    evidence: Evidence,
    reader: LogReader,
    verifier: LogVerifier,
    key_of: KeyOf,
) -> APIRouter:
    """Return the routes of the logs."""
    router = APIRouter(prefix="/v1", tags=["logs"])

    @router.get("/logs")
    async def list_logs() -> list[Log]:
        """Return every log: one for each partition of each topic and cluster."""
        return [Log.of(state, key_of(state.origin)) for state in await queries.logs()]

    @router.get("/logs/{log}/checkpoint", response_class=PlainTextResponse)
    async def get_checkpoint(log: LogId) -> str:
        """Return the newest signed checkpoint of a log (c2sp.org/tlog-checkpoint)."""
        return found(await queries.checkpoint(log), f"log {log} has no checkpoint yet")

    @router.get("/logs/{log}/consistency")
    async def get_consistency(
        log: LogId,
        old: Annotated[Size, Query(alias="from")],
        new: Annotated[Size, Query(alias="to")],
    ) -> Consistency:
        """Return the proof (RFC 6962) that a log only grew between two sizes."""
        try:
            hashes = await evidence.consistency(log, old=old, new=new)
        except VerificationError as error:
            raise Problem(422, "Invalid request", str(error)) from error
        return Consistency(log=log, from_size=old, to_size=new, hashes=[*map(encode, hashes)])

    @router.get("/logs/{log}/export", response_class=StreamingResponse)
    async def export_log(log: LogId, contents: bool = False) -> StreamingResponse:
        """Return a whole log with its checkpoints as JSON Lines, to verify it elsewhere."""
        opened = found(await reader.open(log), f"there is no log {log}")

        async def lines() -> AsyncGenerator[bytes]:
            async for page in reader.pages(opened):
                yield write_page(page.entries, page.notes, with_contents=contents)

        return StreamingResponse(lines(), media_type="application/jsonl")

    @router.post("/verify")
    async def verify(wish: VerifyRequest) -> VerificationReport:
        """Compute logs anew from all their entries, and compare them with what was signed."""
        verdicts = [LogVerdict.of(each) for each in await verifier.verify(wish.log)]
        if wish.log is not None and not verdicts:
            raise Problem(404, "Not Found", f"there is no log {wish.log}")
        return VerificationReport(ok=all(each.ok for each in verdicts), logs=verdicts)

    return router
