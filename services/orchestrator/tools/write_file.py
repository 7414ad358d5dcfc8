# SPDX-License-Identifier: Apache-2.0
"""Writes a text file as a whole."""

from pydantic import Field

from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.path import WorkspacePath


class WriteFile(Arguments):
    """What a file shall hold."""

    path: WorkspacePath
    content: str = Field(description="all of the text that the file shall hold")


async def write_file(arguments: WriteFile, context: ToolContext) -> ToolResult:
    """Make the file hold exactly the content, all of it or, on an error, what it held before."""
    content = arguments.content.encode()
    await context.in_thread(context.workspace.write, arguments.path, content)
    return ToolResult(content=f"wrote {arguments.path} ({len(content)} bytes)")


WRITE_FILE = FunctionTool(
    name="write_file",
    description="Create a text file in the workspace, or replace all that it holds.",
    safety="idempotent",
    arguments=WriteFile,
    function=write_file,
)
