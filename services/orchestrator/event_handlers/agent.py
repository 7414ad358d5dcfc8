# SPDX-License-Identifier: Apache-2.0
"""Reacts to events about agents."""

import logging

from services.orchestrator.agents import AgentCatalogue
from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.turns.switching import assign_agent
from shared.errors import NotFoundError
from shared.events import AgentSwitchRequested
from shared.messaging import EventBus

logger = logging.getLogger(__name__)


class AgentEventHandler:
    """Sees to it that every request to switch agents is fulfilled, once.

    The orchestrator's own requests are fulfilled in the transaction that records them; what is left
    are those that other programs published.
    """

    def __init__(self, work: UnitOfWork, agents: AgentCatalogue) -> None:
        self._work = work
        self._agents = agents

    def subscribe(self, bus: EventBus) -> None:
        """Subscribe to what this handler reacts to."""
        bus.subscribe(AgentSwitchRequested, handler=self.on_switch_requested)

    async def on_switch_requested(self, event: AgentSwitchRequested) -> None:
        """Switch, unless the session has been with another agent since the request.

        Raises:
            UnknownAgentError: there is no agent of that name.
        """
        self._agents.get(event.to_agent)
        try:
            async with self._work.session(event.session_id) as work:
                session = work.session
                fulfilled = session.agent_sequence > event.sequence
                if session.state is SessionState.ACTIVE and not fulfilled:
                    await assign_agent(work, event)
        except NotFoundError:
            logger.info("switch of an unknown session", extra={"session_id": event.session_id})
