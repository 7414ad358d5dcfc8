# SPDX-License-Identifier: Apache-2.0
"""Finds lines in the files of the workspace."""

from collections.abc import Iterator

from pydantic import Field

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.pattern import matcher
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.entry import Entry
from services.orchestrator.tools.workspace.path import WorkspacePath
from services.orchestrator.tools.workspace.workspace import Workspace

_LINE = 300


class SearchFiles(Arguments):
    """What to look for, and where."""

    text: str = Field(min_length=1, max_length=500, description="the text or pattern to find")
    path: WorkspacePath = "."
    regex: bool = Field(default=False, description="the text is a regular expression (RE2 syntax)")
    ignore_case: bool = False
    max_matches: int = Field(default=100, ge=1, le=1000)


async def search_files(arguments: SearchFiles, context: ToolContext) -> ToolResult:
    """Return ``path:line: text`` for each line found, up to the limits, and says so if it stopped.

    Files that are no UTF-8 text or larger than the limit are passed over.
    """
    return await context.in_thread(_search, arguments, context.workspace)


def _search(arguments: SearchFiles, workspace: Workspace) -> ToolResult:
    matches = matcher(arguments.text, regex=arguments.regex, ignore_case=arguments.ignore_case)
    found: list[str] = []
    truncated = False
    for where, line in _lines(workspace, arguments.path):
        if line is None or (matches(line) and len(found) == arguments.max_matches):
            truncated = True
            break
        if matches(line):
            found.append(f"{where}: {line.strip()[:_LINE]}")
    lines = found or ["(nothing found)"]
    if truncated:
        lines.append("(stopped at a limit; search for more, or in one directory)")
    return ToolResult(content="\n".join(lines), truncated=truncated)


def _lines(workspace: Workspace, path: str) -> Iterator[tuple[str, str | None]]:
    """Yield every line with its place; None for the line where a limit was reached."""
    scanned = 0
    listing = workspace.list(path, recursive=True)
    for entry in listing.entries:
        if entry.kind != "file" or entry.size > workspace.limits.file_bytes:
            continue
        scanned += entry.size
        if scanned > workspace.limits.scanned_bytes:
            yield entry.shown, None
            return
        for number, line in enumerate(_text(workspace, entry).splitlines(), start=1):
            yield f"{entry.shown}:{number}", line
    if listing.truncated:
        yield path, None


def _text(workspace: Workspace, entry: Entry) -> str:
    try:
        return workspace.read_text(entry.path)
    except ToolError:
        return ""


SEARCH_FILES = FunctionTool(
    name="search_files",
    description="Find the lines of all files in the workspace that contain a text or a pattern.",
    safety="read_only",
    arguments=SearchFiles,
    function=search_files,
)
