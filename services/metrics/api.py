# SPDX-License-Identifier: Apache-2.0
"""The figures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.metrics import figures
from services.metrics.answers import (
    Agents,
    Counts,
    Decisions,
    Errors,
    Llm,
    SessionFigures,
    Summary,
    Switches,
    Tools,
)
from services.metrics.store import MetricsStore
from shared.http import Problem

SessionId = Annotated[str, Path(min_length=1, max_length=200)]


def metrics_router(store: MetricsStore) -> APIRouter:
    """Return the questions about the whole installation."""
    router = APIRouter(prefix="/v1/metrics", tags=["metrics"])

    @router.get("/summary")
    async def summary() -> Summary:
        """Tell how the whole installation does, in single numbers."""
        return figures.summary(await store.totals())

    @router.get("/switches")
    async def switches() -> Switches:
        """Tell how often each agent was followed by which."""
        found = figures.switches(await store.totals())
        return Switches(total=sum(each.count for each in found), switches=found)

    @router.get("/agents")
    async def agents() -> Agents:
        """Tell how often and how long each agent worked, and with what success."""
        return Agents(agents=figures.agents(await store.totals()))

    @router.get("/tools")
    async def tools() -> Tools:
        """Tell how often each tool was called, and with what success."""
        return Tools(tools=figures.tools(await store.totals()))

    @router.get("/decisions")
    async def decisions() -> Decisions:
        """Tell what people decided on the calls of each tool."""
        return Decisions(decisions=figures.decisions(await store.totals()))

    @router.get("/errors")
    async def errors() -> Errors:
        """Tell which errors each agent met with."""
        found = figures.errors(await store.totals())
        return Errors(total=sum(each.count for each in found), errors=found)

    @router.get("/llm")
    async def llm() -> Llm:
        """Tell how each model did, and what it cost."""
        return Llm(models=figures.llm(await store.totals()))

    return router


def session_router(store: MetricsStore) -> APIRouter:
    """Return the questions about one session, and about how much was counted."""
    router = APIRouter(prefix="/v1", tags=["metrics"])

    @router.get("/sessions/{session_id}/metrics")
    async def session(session_id: SessionId) -> SessionFigures:
        """Tell the figures of one session."""
        found = await store.session(session_id)
        if found is None:
            raise Problem(404, "Unknown session", f"no event of session {session_id!r} was counted")
        return figures.session(session_id, found)

    @router.get("/counts")
    async def counts() -> Counts:
        """Tell how many different events were counted, of how many sessions."""
        return figures.counts(await store.totals())

    return router
