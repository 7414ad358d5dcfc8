# SPDX-License-Identifier: Apache-2.0
"""One tool of an MCP server."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.tools.arguments import JsonObject
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.mcp.connection import McpConnection
from services.orchestrator.tools.mcp.result import text_of
from services.orchestrator.tools.schema import checked
from services.orchestrator.tools.tool import Safety, ToolContext, ToolResult

ANYTHING: Mapping[str, object] = {"type": "object", "properties": {}}
"""What is known of the arguments before the server was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTool:
    """A tool like any other, whose calls a server answers.

    What may be done about a call that was cut off is said in ``agents.yaml``, since a server is
    not to be believed about it.
    """

    name: str
    remote_name: str
    safety: Safety
    connection: McpConnection
    max_output: int

    @property
    def description(self) -> str:
        """What the server says that it does."""
        tool = self.connection.tool(self.remote_name)
        return (tool.description if tool else None) or f"{self.remote_name} of a server"

    @property
    def parameters(self) -> dict[str, object]:
        """The JSON Schema of the arguments, as the server gave it last."""
        tool = self.connection.tool(self.remote_name)
        return dict(tool.input_schema if tool else ANYTHING)

    def validate(self, arguments: object) -> JsonObject:
        """Return the arguments, which fit to the schema; defaults are the server's to fill in."""
        return checked(arguments, self.parameters, tool=self.name)

    async def call(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        """Have the server do it."""
        result = await self.connection.call(self.remote_name, arguments, context.effect_id)
        text = text_of(result)
        if result.is_error:
            raise ToolError(text[: self.max_output] or f"{self.name} failed and does not say why")
        if len(text) <= self.max_output:
            return ToolResult(content=text)
        note = f"\n(only the first {self.max_output} characters are shown)"
        return ToolResult(content=text[: self.max_output] + note, truncated=True)
