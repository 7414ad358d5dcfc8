# SPDX-License-Identifier: Apache-2.0
"""A turn with what it waits for."""

from services.orchestrator.api.views import TurnView
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.approvals import ApprovalState, approvals_of
from shared.database import Database


async def turn_view(database: Database, turn: Turn) -> TurnView:
    """Return what a client sees of a turn, with the calls that wait for a person."""
    if turn.state is not TurnState.WAITING:
        return TurnView.of(turn)
    async with database.connect() as connection:
        waiting = await approvals_of(connection, turn.session_id, state=ApprovalState.OPEN)
    return TurnView.of(turn, [each for each in waiting if each.turn_id == turn.id])
