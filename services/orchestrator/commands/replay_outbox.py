# SPDX-License-Identifier: Apache-2.0
"""Publish again what the outbox still keeps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.orchestrator.store.idempotency import IdempotencyKey, remember
from services.orchestrator.store.tables import outbox
from shared.database import Database
from shared.events import Event, OutboxReplayed
from shared.outbox.replaying import Replay, how_many, publish_again


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutboxCommand:
    """Publish again all that is kept of a session, or was recorded in a time."""

    replay: Replay
    session_id: str | None
    operator: str
    reason: str = ""
    dry_run: bool = False
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutboxHandler:
    """Tells of a replay before it is committed, so that none goes untold."""

    database: Database
    publish: Callable[[Event], Awaitable[None]]
    committed: Callable[[], None]
    service: str
    aggregate_id: str

    async def handle(self, command: ReplayOutboxCommand) -> int:
        """Return how many records are, or would be, published again.

        Raises:
            DependencyDownError: the broker is not there, and nothing was done; what waits is
                published by itself when it is.
        """
        async with self.database.begin() as connection:
            if command.dry_run:
                return await how_many(connection, outbox, command.replay)
            earlier = await remember(
                connection,
                command.key,
                subject=str(await how_many(connection, outbox, command.replay)),
            )
            if earlier:
                return int(earlier)
            records = await publish_again(connection, outbox, command.replay)
            await self.publish(self._event(command, records))
        self.committed()
        return records

    def _event(self, command: ReplayOutboxCommand, records: int) -> OutboxReplayed:
        return OutboxReplayed(
            aggregate_id=self.aggregate_id,
            service=self.service,
            records=records,
            replayed_session_id=command.session_id,
            recorded_from=command.replay.recorded_from,
            recorded_until=command.replay.recorded_until,
            operator=command.operator,
            reason=command.reason,
        )
