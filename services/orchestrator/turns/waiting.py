# SPDX-License-Identifier: Apache-2.0
"""Has turns go on that waited for people or for the client."""

from services.orchestrator.domain.turn import TurnState
from services.orchestrator.store.client_calls import open_states
from services.orchestrator.store.effects import EffectState
from services.orchestrator.store.turns import change_turn, find_turn
from services.orchestrator.store.work import SessionWork


async def resume_turn(work: SessionWork, turn_id: str) -> None:
    """Queue a turn that waits again, if it has something to do now.

    While a person has something to decide it waits; while the client owes results it goes on only
    if a call can be made meanwhile.
    """
    turn = await find_turn(work.connection, turn_id)
    states = await open_states(work.connection, turn_id)
    if turn.state is not TurnState.WAITING or EffectState.WAITING in states:
        return
    if EffectState.PENDING in states or EffectState.WITH_CLIENT not in states:
        await change_turn(work.connection, turn_id, state=TurnState.QUEUED)
