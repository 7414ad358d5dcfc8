# SPDX-License-Identifier: Apache-2.0
"""Create a session."""

from dataclasses import dataclass

from services.orchestrator.agents import AgentCatalogue, Budget
from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.turns.toolbox import Toolboxes
from shared.events import AgentAssigned, SessionCreated
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSessionCommand:
    """Begin a conversation, with the default agent if none is named."""

    created_by: str
    title: str = ""
    agent: str | None = None
    budget: Budget | None = None
    client_tools: tuple[ClientTool, ...] = ()
    key: IdempotencyKey | None = None


class CreateSessionHandler:
    """Creates sessions."""

    def __init__(self, work: UnitOfWork, agents: AgentCatalogue, toolboxes: Toolboxes) -> None:
        self._work = work
        self._agents = agents
        self._toolboxes = toolboxes

    async def handle(self, command: CreateSessionCommand) -> Session:
        """Return the new session.

        Raises:
            UnknownAgentError: there is no agent of that name.
            TakenNameError: the client brings a tool with the name of another one.
        """
        self._toolboxes.require_free(command.client_tools)
        agent = self._agents.get(command.agent) if command.agent else self._agents.default
        now = self._work.clock.now()
        session = Session(
            id=str(new_id()),
            state=SessionState.ACTIVE,
            agent=agent.name,
            title=command.title,
            created_by=command.created_by,
            created_at=now,
            updated_at=now,
            last_sequence=0,
            agent_sequence=0,
            message_count=0,
            turn_count=0,
            budget=command.budget,
            client_tools=command.client_tools,
        )
        async with self._work.begin(session, key=command.key) as work:
            if work.repeated:
                return work.session
            created = await work.publish(
                SessionCreated(
                    session_id=session.id,
                    created_by=command.created_by,
                    agent=agent.name,
                    title=command.title,
                )
            )
            assigned = await work.publish(
                AgentAssigned(
                    session_id=session.id,
                    agent_type=agent.name,
                    reason="asked for" if command.agent else "the default agent",
                    causation_id=created.event_id,
                )
            )
            work.change(agent_sequence=assigned.sequence)
        return work.session
