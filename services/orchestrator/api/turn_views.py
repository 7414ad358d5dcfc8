# SPDX-License-Identifier: Apache-2.0
"""A turn with what it waits for."""

from services.orchestrator.api.views import TurnView
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.approvals import ApprovalState, approvals_of
from services.orchestrator.store.client_calls import client_calls_of
from shared.database import Database


async def turn_view(database: Database, turn: Turn) -> TurnView:
    """Return what a client sees of a turn, with the calls that wait for it or for a person."""
    if turn.state.ended or turn.started_at is None:
        return TurnView.of(turn)
    async with database.connect() as connection:
        calls = await client_calls_of(connection, turn.id)
        if turn.state is not TurnState.WAITING:
            return TurnView.of(turn, calls=calls)
        waiting = await approvals_of(connection, turn.session_id, state=ApprovalState.OPEN)
    return TurnView.of(turn, [each for each in waiting if each.turn_id == turn.id], calls)
