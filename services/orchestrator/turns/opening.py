# SPDX-License-Identifier: Apache-2.0
"""The events at the edges of the work of an agent and of the asking of a model."""

from dataclasses import replace

from services.orchestrator.agents import Agent
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.turns import change_turn
from services.orchestrator.store.work import SessionWork
from shared.events import (
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    LLMRequestStartedEvent,
)


async def begin_turn(work: SessionWork, turn: Turn, agent: Agent) -> Turn:
    """Record that the work on a turn begins, with the agent that the session is with."""
    begun = replace(
        turn,
        state=TurnState.RUNNING,
        agent=agent.name,
        started_at=work.now,
        agent_started_at=work.now,
    )
    await work.publish(
        AgentProcessingStartedEvent(session_id=turn.session_id, agent=agent.name, turn_id=turn.id)
    )
    asking = await work.publish(_asking(begun, agent, step=1))
    return replace(begun, asking_id=asking.event_id)


async def start_asking(work: SessionWork, turn: Turn, agent: Agent, *, step: int) -> None:
    """Record that the agent's model is about to be asked."""
    event = await work.publish(_asking(turn, agent, step=step))
    await change_turn(work.connection, turn.id, asking_id=event.event_id)


def _asking(turn: Turn, agent: Agent, *, step: int) -> LLMRequestStartedEvent:
    return LLMRequestStartedEvent(
        session_id=turn.session_id,
        turn_id=turn.id,
        agent=agent.name,
        model=agent.model,
        step=step,
    )


async def finish_agent(work: SessionWork, turn: Turn, *, success: bool) -> None:
    """Record that the agent of the turn stops working on it."""
    began = turn.agent_started_at or work.now
    await work.publish(
        AgentProcessingCompletedEvent(
            session_id=turn.session_id,
            agent=turn.agent,
            turn_id=turn.id,
            duration_seconds=max(0.0, (work.now - began).total_seconds()),
            success=success,
        )
    )
