# SPDX-License-Identifier: Apache-2.0
"""The events at the edges of the work of an agent and of the asking of a model."""

from services.orchestrator.agents import Agent
from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import TurnState
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import (
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    LLMRequestStartedEvent,
)


async def begin_turn(resources: Resources, work: TurnWork, agent: Agent) -> Breach | None:
    """Record that the work on a turn begins, with the agent that the session is with.

    Returns the limit that keeps its model from being asked, if there is one.
    """
    work.change(
        state=TurnState.RUNNING,
        agent=agent.name,
        delegated_by=work.session.delegated_by,
        started_at=work.now,
        agent_started_at=work.now,
    )
    await work.publish(
        AgentProcessingStartedEvent(
            session_id=work.turn.session_id, agent=agent.name, turn_id=work.turn.id
        )
    )
    return await start_asking(resources, work, agent, step=1)


async def start_asking(
    resources: Resources, work: TurnWork, agent: Agent, *, step: int
) -> Breach | None:
    """Record that the agent's model is about to be asked, and set aside what that may take.

    Returns the limit that would be exceeded; then nothing is recorded.
    """
    breach = resources.budgets.reserve_model_call(work.work, work.turn, agent)
    if breach:
        return breach
    event = await work.publish(
        LLMRequestStartedEvent(
            session_id=work.turn.session_id,
            turn_id=work.turn.id,
            agent=agent.name,
            model=agent.model,
            step=step,
        )
    )
    work.change(asking_id=event.event_id)
    return None


async def finish_agent(work: TurnWork, *, success: bool) -> None:
    """Record that the agent of the turn stops working on it."""
    began = work.turn.agent_started_at or work.now
    await work.publish(
        AgentProcessingCompletedEvent(
            session_id=work.turn.session_id,
            agent=work.turn.agent,
            turn_id=work.turn.id,
            duration_seconds=max(0.0, (work.now - began).total_seconds()),
            success=success,
        )
    )
