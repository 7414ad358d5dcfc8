# SPDX-License-Identifier: Apache-2.0
"""Give a session to another agent, from its next turn on."""

from dataclasses import dataclass

from services.orchestrator.agents import AgentCatalogue
from services.orchestrator.domain.session import Session
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.turns.switching import assign_agent
from shared.events import AgentSwitchRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchAgentCommand:
    """Have another agent go on."""

    session_id: str
    to_agent: str
    reason: str
    key: IdempotencyKey | None = None


class SwitchAgentHandler:
    """Switches agents on a person's request."""

    def __init__(self, work: UnitOfWork, agents: AgentCatalogue) -> None:
        self._work = work
        self._agents = agents

    async def handle(self, command: SwitchAgentCommand) -> Session:
        """Return the session, now with the other agent; nothing happens if it is there already.

        Raises:
            NotFoundError: there is no such session.
            UnknownAgentError: there is no agent of that name.
            ConflictError: the session has ended.
        """
        self._agents.get(command.to_agent)
        async with self._work.session(command.session_id) as work:
            if await earlier_subject(work.connection, command.key):
                return work.session
            work.session.require_active()
            await remember(work.connection, command.key, subject=work.session.id)
            if work.session.agent != command.to_agent:
                request = await work.publish(
                    AgentSwitchRequested(
                        session_id=work.session.id,
                        from_agent=work.session.agent,
                        to_agent=command.to_agent,
                        reason=command.reason,
                        requested_by="person",
                    )
                )
                await assign_agent(work, request)
        return work.session
