# SPDX-License-Identifier: Apache-2.0
"""What an agent may use in a turn: tools that run here, and tools that the client runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic_ai.tools import ToolDefinition

from services.orchestrator.agents import Agent
from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.tools import HAND_OVER, JsonObject, ToolError, ToolRegistry
from services.orchestrator.tools.schema import checked
from shared.errors import ConfigurationError, PermanentError


class TakenNameError(PermanentError):
    """A client brought a tool with the name of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbox:
    """The tools by name; every agent may use those that the client brought."""

    registry: ToolRegistry
    names: tuple[str, ...]
    clients: Mapping[str, ClientTool]

    def client_tool(self, name: str) -> ClientTool | None:
        """Return a tool that the client runs, or None if it is none."""
        return self.clients.get(name)

    def offer(self, targets: Mapping[str, str]) -> list[ToolDefinition]:
        """Declare all of it to a model, and the switch if there are ``targets`` to switch to."""
        here = [name for name in self.names if name not in self.clients]
        return [
            *self.registry.offer(here),
            *(_definition(tool) for tool in self.clients.values()),
            *self.registry.offer((), targets=targets),
        ]

    def validate(self, name: str, arguments: object) -> JsonObject:
        """Return the arguments of a call in their one normal form.

        Raises:
            ToolError: the agent has no such tool, or they are not what it takes.
        """
        tool = self.clients.get(name)
        if tool:
            return checked(arguments, tool.parameters, tool=name)
        if name not in self.names:
            raise ToolError(f"there is no tool {name!r}; use one of those that were offered")
        return self.registry.get(name).validate(arguments)


class Toolboxes:
    """Packs toolboxes.

    Raises:
        ConfigurationError: a tool of the file that clients run has the name of one that runs here.
    """

    def __init__(self, registry: ToolRegistry, declared: Mapping[str, ClientTool]) -> None:
        self._registry = registry
        self._declared = declared
        taken = sorted(set(declared) & set(registry.arguments))
        if taken:
            raise ConfigurationError(f"there are two tools {taken[0]!r}; rename one")

    def of(self, agent: Agent, brought: Iterable[ClientTool] = ()) -> Toolbox:
        """Return what an agent may use in a turn whose client ``brought`` tools of its own."""
        declared = {name: self._declared[name] for name in agent.tools if name in self._declared}
        clients = declared | {tool.name: tool for tool in brought}
        return Toolbox(registry=self._registry, names=agent.tools, clients=clients)

    def require_free(self, tools: Iterable[ClientTool]) -> None:
        """Return if tools that a client brings have names of their own.

        Raises:
            TakenNameError: one has not.
        """
        taken = {*self._registry.arguments, *self._declared, HAND_OVER}
        for tool in tools:
            if tool.name in taken:
                raise TakenNameError(f"there is a tool {tool.name!r} already; rename yours")


def _definition(tool: ClientTool) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name, description=tool.description, parameters_json_schema=tool.parameters
    )
