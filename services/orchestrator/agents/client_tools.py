# SPDX-License-Identifier: Apache-2.0
"""Tools that clients run, as a file or a request declares them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.tools.client_schema import require_plain_schema

MOST = 32


def _usable(tool: ClientTool) -> ClientTool:
    require_plain_schema(tool.parameters)
    return tool


def _distinct(tools: tuple[ClientTool, ...]) -> tuple[ClientTool, ...]:
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise ValueError("two tools have one name")
    return tools


UsableClientTool = Annotated[ClientTool, AfterValidator(_usable)]
"""One whose arguments can be checked quickly."""

ClientTools = Annotated[
    tuple[UsableClientTool, ...], Field(max_length=MOST), AfterValidator(_distinct)
]
"""Those of a session or a message."""
