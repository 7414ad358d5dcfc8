# SPDX-License-Identifier: Apache-2.0
"""The endpoint by which an operator has a store filled again from the topics."""

from typing import Protocol

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shared.events import ProjectionRebuilt
from shared.messaging import EventBus


class Rebuilder(Protocol):
    """Makes everything again."""

    async def again(self) -> int:
        """Empty the store and fill it; return how many events were read."""
        ...


class Operator(BaseModel):
    """Who wants it, and why; both become part of the history."""

    operator: str = Field(default="unknown", min_length=1, max_length=200)
    reason: str = Field(default="", max_length=2000)


class Rebuilt(BaseModel):
    """What became of it."""

    events: int


def rebuild_router(
    rebuild: Rebuilder, bus: EventBus, *, aggregate_id: str, projection: str
) -> APIRouter:
    """Return ``/v1/rebuild`` for the store called ``projection``."""
    router = APIRouter(prefix="/v1", tags=["operations"])

    @router.post("/rebuild")
    async def again(body: Operator | None = None) -> Rebuilt:
        """Forget everything and make it again from the topics; answer when it is done."""
        by = body or Operator()
        events = await rebuild.again()
        await bus.publish(
            ProjectionRebuilt(
                aggregate_id=aggregate_id,
                operator=by.operator,
                reason=by.reason,
                projection=projection,
                events=events,
            )
        )
        return Rebuilt(events=events)

    return router
