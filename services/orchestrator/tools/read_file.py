# SPDX-License-Identifier: Apache-2.0
"""Reads a text file, whole or in part."""

from pydantic import Field

from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.path import WorkspacePath


class ReadFile(Arguments):
    """Which lines of which file."""

    path: WorkspacePath
    first_line: int = Field(default=1, ge=1, description="the number of the first line to show")
    max_lines: int = Field(default=2000, ge=1, le=10_000, description="the most lines to show")


async def read_file(arguments: ReadFile, context: ToolContext) -> ToolResult:
    """Return the text of a file; it says so if lines after the shown ones were left out."""
    text = await context.in_thread(context.workspace.read_text, arguments.path)
    lines = text.splitlines(keepends=True)
    first = arguments.first_line - 1
    end = first + arguments.max_lines
    content = "".join(lines[first:end])
    if end < len(lines):
        content += f"\n(lines {end + 1} to {len(lines)} are left out)"
    return ToolResult(content=content, truncated=end < len(lines))


READ_FILE = FunctionTool(
    name="read_file",
    description="Read a UTF-8 text file of the workspace.",
    safety="read_only",
    arguments=ReadFile,
    function=read_file,
)
