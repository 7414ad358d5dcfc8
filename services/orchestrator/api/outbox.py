# SPDX-License-Identifier: Apache-2.0
"""Endpoints of the outbox: what waits for Kafka, and publishing again what is kept."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.orchestrator.api.dependencies import key_of
from services.orchestrator.api.outbox_views import NewReplay, OutboxView, ReplayView, SessionName
from services.orchestrator.commands.replay_outbox import ReplayOutboxCommand, ReplayOutboxHandler
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.tables import outbox
from shared.database import Database
from shared.events.base import MAX_SEQUENCE
from shared.outbox.contents import contents, waiting_records
from shared.outbox.replaying import Replay

Topic = Annotated[str, Query(max_length=249, pattern=r"^[A-Za-z0-9._-]+$")]


def outbox_router(
    database: Database, replay: ReplayOutboxHandler, *, retention: timedelta
) -> APIRouter:
    """Return the endpoints of the outbox."""
    router = APIRouter(prefix="/outbox", tags=["outbox"])

    @router.get("")
    async def get_outbox(
        session: Annotated[SessionName | None, Query()] = None,
        topic: Topic | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[int, Query(ge=0, le=MAX_SEQUENCE)] = 0,
    ) -> OutboxView:
        """Return what waits for Kafka, of a session or topic or all, and what is still kept."""
        async with database.connect() as connection:
            found = await contents(connection, outbox)
            waiting = await waiting_records(
                connection,
                outbox,
                behind=cursor,
                limit=limit + 1,
                key=session.encode() if session else None,
                topic=topic,
            )
        return OutboxView.of(found, waiting, limit=limit, retention=retention)

    @router.post("/replays")
    async def replay_outbox(
        body: NewReplay, key: Annotated[IdempotencyKey | None, Depends(key_of)]
    ) -> ReplayView:
        """Publish again what is kept, each session in its order; consumers drop what they had."""
        command = ReplayOutboxCommand(
            replay=Replay(
                key=body.session_id.encode() if body.session_id else None,
                recorded_from=body.recorded_from,
                recorded_until=body.recorded_until,
            ),
            session_id=body.session_id,
            operator=body.operator,
            reason=body.reason,
            dry_run=body.dry_run,
            key=key,
        )
        return ReplayView(records=await replay.handle(command), dry_run=body.dry_run)

    return router
