# SPDX-License-Identifier: Apache-2.0
"""All agents of one ``agents.yaml``."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.orchestrator.agents.agent import Agent
from services.orchestrator.agents.client_tools import UsableClientTool
from services.orchestrator.agents.policy import Policy
from services.orchestrator.domain.budget import Budget
from services.orchestrator.tools.mcp import McpServer
from shared.errors import PermanentError

ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class UnknownAgentError(PermanentError):
    """No agent has the name that was asked for."""


class AgentCatalogue(BaseModel):
    """The agents by name, the one that sessions start with, and the bounds of a whole session."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_agent: str = Field(description="the name of the agent that sessions start with")
    session_budget: Budget = Field(
        default=Budget(), description="a mapping, such as {cost_usd: 5}, for all agents together"
    )
    mcp_servers: Mapping[ServerName, McpServer] = Field(
        default_factory=dict, description="a mapping of names to MCP servers"
    )
    client_tools: Mapping[str, UsableClientTool] = Field(
        default_factory=dict, description="a mapping of names to tools that clients run"
    )
    agents: Mapping[str, Agent] = Field(description="a mapping of names to agents")

    def __len__(self) -> int:
        return len(self.agents)

    def all(self) -> Iterator[Agent]:
        """Return the agents in the order of the file."""
        return iter(self.agents.values())

    @property
    def default(self) -> Agent:
        """The agent that sessions start with."""
        return self.agents[self.default_agent]

    def get(self, name: str) -> Agent:
        """Return an agent.

        Raises:
            UnknownAgentError: there is no such agent; the message names those that there are.
        """
        agent = self.agents.get(name)
        if agent is None:
            raise UnknownAgentError(f"no agent {name!r}; there are: {', '.join(self.agents)}")
        return agent

    @property
    def declared_tools(self) -> frozenset[str]:
        """The names of the tools that the file itself brings."""
        servers = self.mcp_servers.items()
        return frozenset(tool for name, server in servers for tool in server.tool_names(name))

    def policy(self, name: str, delegated_by: Iterable[str] = ()) -> Policy:
        """Return the rules for an agent that does the work of others: its own, and theirs."""
        others = sorted(set(delegated_by) - {name})
        agents = [self.get(name), *(self.agents[other] for other in others if other in self.agents)]
        return Policy([rule for agent in agents for rule in agent.approval])

    def targets(self, name: str) -> dict[str, str]:
        """Return the agents that ``name`` may hand over to, with what each is good at."""
        return {target: self.get(target).description for target in self.get(name).handover}
