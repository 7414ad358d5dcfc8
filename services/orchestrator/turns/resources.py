# SPDX-License-Identifier: Apache-2.0
"""What the work on turns needs."""

from dataclasses import dataclass

from services.orchestrator.agents import Agent, AgentCatalogue
from services.orchestrator.live import SessionFeed
from services.orchestrator.models import Attempts, ModelClients
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.tools import ToolRegistry, Workspaces
from services.orchestrator.tools.mcp import McpServers
from services.orchestrator.turns.budgets import Budgets
from services.orchestrator.turns.toolbox import Toolboxes
from shared.telemetry.setup import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Agents, models, tools and the place where everything is recorded."""

    settings: OrchestratorSettings
    owner: str
    work: UnitOfWork
    agents: AgentCatalogue
    models: ModelClients
    tools: ToolRegistry
    toolboxes: Toolboxes
    workspaces: Workspaces
    budgets: Budgets
    mcp: McpServers
    feed: SessionFeed
    telemetry: Telemetry
    attempts: Attempts

    def agent(self, name: str, *, model: str | None) -> Agent:
        """Return an agent, with another model than its own if one is given.

        Raises:
            UnknownAgentError: there is no agent of that name.
        """
        agent = self.agents.get(name)
        return agent.model_copy(update={"model": model}) if model else agent
