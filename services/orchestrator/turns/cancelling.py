# SPDX-License-Identifier: Apache-2.0
"""Cancels turns, wherever they are: in the queue, at work, or waiting for somebody."""

from services.orchestrator.domain.turn import AskModel, Turn, TurnState
from services.orchestrator.store.effects import effects_of
from services.orchestrator.store.signals import announce_stopped
from services.orchestrator.store.steps import steps_of
from services.orchestrator.store.turns import unfinished
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.closing import seconds_taken
from services.orchestrator.turns.opening import finish_agent
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.stopping import drop_calls
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import LLMRequestFailedEvent, TurnCancelled

CANCELLED = "Cancelled"
"""The type of error of a call that a person cut off."""


async def cancel_turns(
    resources: Resources,
    work: SessionWork,
    *,
    by: str,
    reason: str,
    only: str | None = None,
) -> list[Turn]:
    """Cancel what is unfinished in a session, or one turn of it; return what was cancelled.

    The replica that is at work on it is told once this is committed, and stops. What a call did
    that was cut off is unknown, and recorded so.
    """
    return [
        await _cancel(resources, work, turn, by=by, reason=reason)
        for turn in await unfinished(work.connection, work.session.id)
        if only in {None, turn.id}
    ]


async def _cancel(
    resources: Resources, work: SessionWork, turn: Turn, *, by: str, reason: str
) -> Turn:
    steps = await steps_of(work.connection, turn)
    effects = await effects_of(work.connection, turn.id, step=steps[-1].index)
    progress = Progress(turn=turn, session=work.session, steps=steps, effects=effects)
    turn_work = TurnWork(work, progress)
    if turn.started_at:
        await _cut_off(resources, turn_work, progress, by=by)
        await finish_agent(turn_work, success=False)
    await work.publish(
        TurnCancelled(
            session_id=turn.session_id,
            turn_id=turn.id,
            cancelled_by=by,
            reason=reason,
            duration_seconds=seconds_taken(turn_work),
        )
    )
    turn_work.change(
        state=TurnState.CANCELLED,
        ended_at=work.now,
        last_sequence=work.session.last_sequence,
        lease_owner=None,
        lease_until=None,
    )
    await turn_work.store()
    await announce_stopped(work.connection, turn.id)
    return turn_work.turn


async def _cut_off(resources: Resources, work: TurnWork, progress: Progress, *, by: str) -> None:
    """Say what became of the call in hand, and leave no call of the model without a result."""
    message = f"cancelled by {by}"
    turn = work.turn
    if isinstance(progress.next_move, AskModel) and turn.state is TurnState.RUNNING:
        reserved = work.session.usage.reserved
        seconds = max(0.0, (work.now - reserved.since).total_seconds()) if reserved else 0.0
        await work.publish(
            LLMRequestFailedEvent(
                session_id=turn.session_id,
                turn_id=turn.id,
                agent=turn.agent,
                model=resources.agent(turn.agent, model=turn.model).model,
                duration_seconds=seconds,
                error_type=CANCELLED,
                error_message=message,
                causation_id=turn.asking_id,
            )
        )
    if work.effects:
        reason = f"{message}, so its outcome is not known or it was not made"
        await drop_calls(work, reason=reason, failure=CANCELLED)
