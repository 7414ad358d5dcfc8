# SPDX-License-Identifier: Apache-2.0
"""The endpoint of agents."""

from fastapi import APIRouter

from services.orchestrator.agents import AgentCatalogue
from services.orchestrator.api.views import AgentView


def agents_router(agents: AgentCatalogue) -> APIRouter:
    """Return the endpoint that lists the agents."""
    router = APIRouter(tags=["agents"])

    @router.get("/agents")
    async def get_agents() -> list[AgentView]:
        """List the agents, in the order of their file."""
        return [
            AgentView(
                name=agent.name,
                description=agent.description,
                model=agent.model,
                tools=list(agent.tools),
                handover=list(agent.handover),
                is_default=agent.name == agents.default_agent,
            )
            for agent in agents.all()
        ]

    return router
