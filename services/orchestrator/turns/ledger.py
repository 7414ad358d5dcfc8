# SPDX-License-Identifier: Apache-2.0
"""Records the steps of a turn, and refuses to record for a replica that lost its lease."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic_ai.messages import ModelMessage

from services.orchestrator.domain.turn import Next, Step, Turn, next_move
from services.orchestrator.store.effects import Effect, effects_of
from services.orchestrator.store.steps import history_before, steps_of
from services.orchestrator.store.turns import find_turn, holds_lease
from services.orchestrator.store.work import SessionWork, UnitOfWork


class LeaseLostError(Exception):
    """Another replica has the turn now, or it was cancelled; nothing may be recorded for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All that is recorded of a turn, and what follows from it."""

    turn: Turn
    before: Sequence[ModelMessage]
    steps: Sequence[Step]
    effects: Sequence[Effect]

    @property
    def next_move(self) -> Next:
        """What the turn does next."""
        return next_move(self.steps, {each.call_id: each.state.call for each in self.effects})

    @property
    def messages(self) -> list[ModelMessage]:
        """The conversation so far, as a model gets it."""
        return [*self.before, *(step.message for step in self.steps)]


class TurnLedger:
    """The recorded steps of turns, for the replica that has their leases."""

    def __init__(self, work: UnitOfWork, *, owner: str) -> None:
        self._work = work
        self._owner = owner

    async def progress(self, turn_id: str) -> Progress:
        """Return what is recorded of a turn."""
        async with self._work.database.connect() as connection:
            turn = await find_turn(connection, turn_id)
            steps = await steps_of(connection, turn)
            last = steps[-1].index if steps else 0
            return Progress(
                turn=turn,
                before=await history_before(connection, turn),
                steps=steps,
                effects=await effects_of(connection, turn.id, step=last),
            )

    @asynccontextmanager
    async def record(self, turn: Turn) -> AsyncGenerator[SessionWork]:
        """Record what happened in a turn, in one transaction.

        Raises:
            LeaseLostError: the turn is no longer this replica's; nothing was recorded.
        """
        async with self._work.session(turn.session_id) as work:
            if not await holds_lease(work.connection, turn.id, owner=self._owner):
                raise LeaseLostError(turn.id)
            yield work
