# SPDX-License-Identifier: Apache-2.0
"""Correlations and figures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.persistence.api.parameters import CorrelationId
from services.persistence.queries.correlations import CorrelationQueries
from services.persistence.queries.counts import CountQueries
from services.persistence.views.counts import Counts
from services.persistence.views.timeline import CorrelationTree


def add_correlation_routes(
    router: APIRouter, *, correlations: CorrelationQueries, counts: CountQueries
) -> None:
    """Add the routes that look across sessions to ``router``."""

    @router.get("/correlations/{correlation_id}", tags=["history"])
    async def get_correlation(
        correlation_id: CorrelationId, limit: Annotated[int, Query(ge=1, le=5000)] = 1000
    ) -> CorrelationTree:
        """Return the events of a correlation below their causes, and what is wrong with them."""
        return await correlations.tree(correlation_id, limit=limit)

    @router.get("/counts", tags=["figures"])
    async def get_counts() -> Counts:
        """Return how much is stored, by type and level of event."""
        return await counts.counts()
