# SPDX-License-Identifier: Apache-2.0
"""The events at the edges of the work of an agent and of the asking of a model."""

from dataclasses import replace
from uuid import UUID

from services.orchestrator.agents import Agent
from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.resources import Resources
from shared.events import (
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    LLMRequestStartedEvent,
)


async def begin_turn(
    resources: Resources, work: SessionWork, turn: Turn, agent: Agent
) -> tuple[Turn, Breach | None]:
    """Record that the work on a turn begins, with the agent that the session is with.

    Returns the turn as it is to be stored, and the limit that keeps its model from being asked.
    """
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
    asking = await plan_asking(resources, work, begun, agent, step=1)
    if isinstance(asking, Breach):
        return begun, asking
    return replace(begun, asking_id=asking), None


async def plan_asking(
    resources: Resources, work: SessionWork, turn: Turn, agent: Agent, *, step: int
) -> UUID | Breach:
    """Record that the agent's model is about to be asked, and set aside what that may take.

    Returns the id of the event; or the limit that would be exceeded, and nothing is recorded.
    """
    breach = resources.budgets.reserve_model_call(work, turn, agent)
    if breach:
        return breach
    event = await work.publish(
        LLMRequestStartedEvent(
            session_id=turn.session_id,
            turn_id=turn.id,
            agent=agent.name,
            model=agent.model,
            step=step,
        )
    )
    return event.event_id


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
