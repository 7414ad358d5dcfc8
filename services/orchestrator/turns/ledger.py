# SPDX-License-Identifier: Apache-2.0
"""Records the steps of a turn, and refuses to record for a replica that lost its lease."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from services.orchestrator.domain.turn import CallState, Turn
from services.orchestrator.store.effects import effects_of
from services.orchestrator.store.steps import history_before, steps_of
from services.orchestrator.store.turns import find_turn, leased_turn
from services.orchestrator.store.work import UnitOfWork, read_session
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.turn_work import TurnWork


class LeaseLostError(Exception):
    """Another replica has the turn now, or it was cancelled; nothing may be recorded for it."""


class TurnLedger:
    """The recorded steps of turns, for the replica that has their leases."""

    def __init__(self, work: UnitOfWork, *, owner: str) -> None:
        self._work = work
        self._owner = owner

    async def progress(self, leased: Turn) -> Progress:
        """Return what is recorded of a turn, from the database, for one that has its lease."""
        async with self._work.database.connect() as connection:
            found = await find_turn(connection, leased.id)
            turn = replace(found, lease_number=leased.lease_number)
            steps = await steps_of(connection, turn)
            return Progress(
                turn=turn,
                session=await read_session(connection, turn.session_id),
                before=await history_before(connection, turn),
                steps=steps,
                effects=await effects_of(connection, turn.id, step=steps[-1].index),
            )

    async def with_history(self, progress: Progress) -> Progress:
        """Return how far a turn has come that was just begun, with what came before it."""
        if progress.turn.number == 1:
            return progress
        async with self._work.database.connect() as connection:
            return replace(progress, before=await history_before(connection, progress.turn))

    @asynccontextmanager
    async def record(self, progress: Progress) -> AsyncGenerator[TurnWork]:
        """Record what happened in a turn, in one transaction.

        While this replica has the lease nobody else records steps of the turn, so ``progress`` is
        what the database holds. Only people change it meanwhile: calls that wait for them are read
        again.

        Raises:
            LeaseLostError: the turn is no longer this replica's; nothing was recorded.
        """
        async with self._work.session(progress.turn.session_id) as session_work:
            connection = session_work.connection
            turn = await leased_turn(connection, progress.turn, owner=self._owner)
            if turn is None:
                raise LeaseLostError(progress.turn.id)
            effects = progress.effects
            if any(each.state.call is CallState.WAITING for each in effects):
                effects = await effects_of(connection, turn.id, step=progress.steps[-1].index)
            work = TurnWork(session_work, replace(progress, turn=turn, effects=effects))
            yield work
            await work.store()
