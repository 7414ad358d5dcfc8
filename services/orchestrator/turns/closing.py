# SPDX-License-Identifier: Apache-2.0
"""Ends a turn: with an answer, with an error, or at a limit."""

from typing import Any

from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import TurnState
from services.orchestrator.turns.opening import finish_agent
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import (
    AgentErrorOccurredEvent,
    AssistantReplied,
    BudgetExceeded,
    TaskCompleted,
)
from shared.ids import new_id
from shared.scrubbing import scrub

SUMMARY = 200
"""How much of an answer is its summary, in characters."""

MAX_ERROR = 1000


async def complete_turn(work: TurnWork, *, reply: str) -> None:
    """Record the answer of the agent."""
    reply = storable(reply)
    await work.publish(
        AssistantReplied(
            session_id=work.turn.session_id,
            turn_id=work.turn.id,
            agent_type=work.turn.agent,
            message_id=str(new_id()),
            message_content=reply,
            message_length=len(reply),
        )
    )
    work.change_session(message_count=work.session.message_count + 1)
    await finish_agent(work, success=True)
    await _task(work, success=True, summary=reply[:SUMMARY])
    _end(work, TurnState.COMPLETED, reply=reply)


def storable(text: str) -> str:
    """Return the text without NUL, the one character that a database cannot keep."""
    return text.replace("\0", "\ufffd")


async def fail_turn(work: TurnWork, error: Exception, *, error_type: str) -> None:
    """Record that the turn could not be finished; the session goes on."""
    message = storable(scrub(str(error))[:MAX_ERROR])
    await work.publish(
        AgentErrorOccurredEvent(
            session_id=work.turn.session_id,
            agent=work.turn.agent,
            turn_id=work.turn.id,
            error_type=error_type,
            error_message=message,
        )
    )
    await finish_agent(work, success=False)
    await _task(work, success=False, summary=message[:SUMMARY])
    _end(work, TurnState.FAILED, error=message)


async def exceed_budget(work: TurnWork, breach: Breach) -> None:
    """Record that the next call would go over a limit, and stop before it; the session goes on."""
    await work.publish(
        BudgetExceeded(
            session_id=work.turn.session_id,
            turn_id=work.turn.id,
            agent_type=work.turn.agent,
            budget=breach.limit,
            limit=breach.bound,
            used=breach.used,
            wanted=breach.wanted,
            scope=breach.scope,
            detail=breach.detail,
        )
    )
    message = str(breach)
    await finish_agent(work, success=False)
    await _task(work, success=False, summary=message)
    _end(work, TurnState.FAILED, error=message)


async def _task(work: TurnWork, *, success: bool, summary: str) -> None:
    await work.publish(
        TaskCompleted(
            session_id=work.turn.session_id,
            agent_type=work.turn.agent,
            success=success,
            result_summary=summary,
            turn_id=work.turn.id,
            duration_seconds=seconds_taken(work),
        )
    )


def seconds_taken(work: TurnWork) -> float:
    """Return how long it has been since the message of the turn was accepted."""
    return max(0.0, (work.now - work.turn.accepted_at).total_seconds())


def _end(work: TurnWork, state: TurnState, **changes: Any) -> None:
    work.change(
        state=state,
        ended_at=work.now,
        last_sequence=work.session.last_sequence,
        lease_owner=None,
        lease_until=None,
        **changes,
    )
