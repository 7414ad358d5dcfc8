# SPDX-License-Identifier: Apache-2.0
"""Stop what is going on in a session; the session itself goes on."""

from dataclasses import dataclass

from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.turns import find_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.cancelling import cancel_turns
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.resources import Resources
from shared.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTurnsCommand:
    """Cancel one turn, or all that are unfinished."""

    session_id: str
    by: str
    reason: str = ""
    turn_id: str | None = None
    key: IdempotencyKey | None = None


class CancelTurnsHandler:
    """Cancels turns at the request of a person."""

    def __init__(self, resources: Resources, engine: TurnEngine) -> None:
        self._resources = resources
        self._engine = engine

    async def handle(self, command: CancelTurnsCommand) -> list[Turn]:
        """Return the turns that were cancelled; a call of a model or tool in hand is cut off.

        Raises:
            NotFoundError: there is no such session or turn.
            ConflictError: the session, or the turn that was named, has ended.
        """
        async with self._resources.work.session(command.session_id) as work:
            earlier = await earlier_subject(work.connection, command.key)
            if earlier is not None:
                return [await find_turn(work.connection, each) for each in earlier.split()]
            work.session.require_active()
            if command.turn_id:
                await _require_unfinished(work, command.turn_id)
            cancelled = await cancel_turns(
                self._resources, work, by=command.by, reason=command.reason, only=command.turn_id
            )
            ids = [turn.id for turn in cancelled]
            await remember(work.connection, command.key, subject=" ".join(ids))
        self._engine.stop_turns(ids)
        return cancelled


async def _require_unfinished(work: SessionWork, turn_id: str) -> None:
    turn = await find_turn(work.connection, turn_id)
    if turn.session_id != work.session.id:
        raise NotFoundError(f"session {work.session.id!r} has no turn {turn_id!r}")
    if turn.state.ended:
        raise ConflictError(f"the turn is {turn.state} already")
