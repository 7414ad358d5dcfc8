# SPDX-License-Identifier: Apache-2.0
"""Shows what the workspace holds."""

from pydantic import Field

from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.entry import Entry
from services.orchestrator.tools.workspace.path import WorkspacePath


class ListFiles(Arguments):
    """Where to look."""

    path: WorkspacePath = "."
    recursive: bool = Field(default=True, description="also look into the directories below")


async def list_files(arguments: ListFiles, context: ToolContext) -> ToolResult:
    """Return one line per file, directory and link, sorted by path."""
    found = await context.in_thread(
        context.workspace.list, arguments.path, recursive=arguments.recursive
    )
    lines = [_line(entry) for entry in found.entries] or ["(no files)"]
    if found.truncated:
        lines.append(f"(only the first {len(found.entries)} are shown; name a directory)")
    return ToolResult(content="\n".join(lines), truncated=found.truncated)


def _line(entry: Entry) -> str:
    match entry.kind:
        case "file":
            return f"{entry.shown} ({entry.size} bytes)"
        case "directory":
            return f"{entry.shown}/"
        case "link":
            return f"{entry.shown} (a link, not followed)"
        case "other":
            return f"{entry.shown} (no regular file)"


LIST_FILES = FunctionTool(
    name="list_files",
    description="List the files and directories of the workspace, with their sizes.",
    safety="read_only",
    arguments=ListFiles,
    function=list_files,
)
