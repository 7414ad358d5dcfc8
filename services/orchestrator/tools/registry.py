# SPDX-License-Identifier: Apache-2.0
"""The tools that there are."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import cast

from pydantic_ai.tools import ToolDefinition

from services.orchestrator.tools.calculate import CALCULATE
from services.orchestrator.tools.edit_file import EDIT_FILE
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.hand_over import (
    HAND_OVER,
    hand_over_definition,
    hand_over_schema,
)
from services.orchestrator.tools.list_files import LIST_FILES
from services.orchestrator.tools.read_file import READ_FILE
from services.orchestrator.tools.run_command import RUN_COMMAND
from services.orchestrator.tools.search_files import SEARCH_FILES
from services.orchestrator.tools.tool import FunctionTool, Tool
from services.orchestrator.tools.write_file import WRITE_FILE
from shared.errors import ConfigurationError

BUILT_IN: tuple[Tool, ...] = (
    LIST_FILES,
    READ_FILE,
    WRITE_FILE,
    EDIT_FILE,
    SEARCH_FILES,
    RUN_COMMAND,
    CALCULATE,
)


class ToolRegistry:
    """Finds tools by name and declares them to models.

    Raises:
        ConfigurationError: two tools have one name, or one has the name of the switch.
    """

    def __init__(self, tools: Iterable[Tool] = BUILT_IN) -> None:
        self._tools: dict[str, Tool] = {}
        self._definitions: dict[str, ToolDefinition] = {}
        for tool in tools:
            if tool.name in self._tools or tool.name == HAND_OVER:
                raise ConfigurationError(f"there are two tools {tool.name!r}; rename one")
            self._tools[tool.name] = tool

    @cached_property
    def arguments(self) -> Mapping[str, frozenset[str]]:
        """The names of the arguments of every tool, and of the switch between agents."""
        known = {name: _properties(tool.parameters) for name, tool in self._tools.items()}
        return known | {HAND_OVER: _properties(hand_over_schema())}

    def get(self, name: str) -> Tool:
        """Return a tool.

        Raises:
            ToolError: there is no such tool; models do ask for tools that there are not.
        """
        tool = self._tools.get(name)
        if tool is None:
            raise ToolError(f"there is no tool {name!r}; use one of those that were offered")
        return tool

    def offer(
        self, names: Iterable[str], *, targets: Mapping[str, str] | None = None
    ) -> list[ToolDefinition]:
        """Declare tools to a model, and the switch if there are ``targets`` to switch to.

        ``targets`` maps the name of each agent that may be named to what it does.
        """
        offered = [self._definition(name) for name in names]
        return [*offered, hand_over_definition(targets)] if targets else offered

    def _definition(self, name: str) -> ToolDefinition:
        """Return the declaration; of our own tools once, because making a schema takes long."""
        if name in self._definitions:
            return self._definitions[name]
        tool = self.get(name)
        definition = ToolDefinition(
            name=name, description=tool.description, parameters_json_schema=tool.parameters
        )
        if isinstance(tool, FunctionTool):
            self._definitions[name] = definition
        return definition


def _properties(schema: Mapping[str, object]) -> frozenset[str]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return frozenset()
    return frozenset(cast("dict[str, object]", properties))
