# SPDX-License-Identifier: Apache-2.0
"""Gives a session, and the turn it is in, to another agent."""

from services.orchestrator.store.work import SessionWork
from services.orchestrator.tools import HandOver
from services.orchestrator.turns.opening import finish_agent
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import (
    AgentAssigned,
    AgentProcessingStartedEvent,
    AgentSwitchedEvent,
    AgentSwitchRequested,
    Event,
)


async def switch_agent(work: TurnWork, asked: HandOver, *, cause: Event) -> None:
    """Record that the agent of a turn handed over, so that the next step is the other agent's."""
    turn = work.turn
    request = await work.publish(
        AgentSwitchRequested(
            session_id=turn.session_id,
            from_agent=turn.agent,
            to_agent=asked.to_agent,
            reason=asked.reason,
            confidence=asked.confidence,
            causation_id=cause.event_id,
        )
    )
    await finish_agent(work, success=True)
    await assign_agent(work.work, request)
    delegated_by = tuple(dict.fromkeys((*turn.delegated_by, turn.agent)))
    work.change_session(delegated_by=delegated_by)
    work.change(
        agent=asked.to_agent,
        delegated_by=delegated_by,
        agent_started_at=work.now,
        handovers=turn.handovers + 1,
    )
    await work.publish(
        AgentProcessingStartedEvent(
            session_id=turn.session_id,
            agent=asked.to_agent,
            turn_id=turn.id,
            causation_id=request.event_id,
        )
    )


async def assign_agent(work: SessionWork, request: AgentSwitchRequested) -> None:
    """Do what a request asks for: from now on the session is with the other agent."""
    assigned = await work.publish(
        AgentAssigned(
            session_id=work.session.id,
            agent_type=request.to_agent,
            reason=request.reason,
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
        )
    )
    await work.publish(
        AgentSwitchedEvent(
            session_id=work.session.id,
            from_agent=request.from_agent,
            to_agent=request.to_agent,
            reason=request.reason,
            confidence=request.confidence,
            correlation_id=request.correlation_id,
            causation_id=assigned.event_id,
        )
    )
    work.change(agent=request.to_agent, agent_sequence=assigned.sequence)
    if request.requested_by == "person":
        work.change(delegated_by=())
