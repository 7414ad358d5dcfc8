# SPDX-License-Identifier: Apache-2.0
"""Replaces exact text in a file."""

from uuid import UUID

from pydantic import Field

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.effect_records import EffectRecord, content_digest
from services.orchestrator.tools.workspace.path import WorkspacePath
from services.orchestrator.tools.workspace.workspace import Workspace


class EditFile(Arguments):
    """Which text becomes which."""

    path: WorkspacePath
    old_text: str = Field(min_length=1, description="the text to replace, exactly as it stands")
    new_text: str = Field(description="the text to put there")
    replace_all: bool = Field(default=False, description="replace every place, not exactly one")


async def edit_file(arguments: EditFile, context: ToolContext) -> ToolResult:
    """Replace the text once, however often the call is made with the same ``effect_id``.

    The old text must be there exactly once, or ``replace_all`` be set.
    """
    result = await context.in_thread(_edit, arguments, context.workspace, context.effect_id)
    return ToolResult(content=result)


def _edit(arguments: EditFile, workspace: Workspace, effect_id: UUID) -> str:
    before = workspace.read(arguments.path)
    noted = workspace.effects.find(effect_id)
    if noted is not None and noted.digest == content_digest(before):
        return noted.result
    after, places = replaced(arguments, before)
    result = f"edited {arguments.path} ({places} {'place' if places == 1 else 'places'})"
    workspace.effects.note(effect_id, EffectRecord(digest=content_digest(after), result=result))
    workspace.write(arguments.path, after)
    return result


def replaced(arguments: EditFile, before: bytes) -> tuple[bytes, int]:
    """Return the content after the edit, and at how many places it changed.

    Raises:
        ToolError: the old text is not there, or at several places.
    """
    old = arguments.old_text.encode()
    places = before.count(old)
    if places == 0:
        raise ToolError(f"{arguments.path!r} does not contain old_text; read it and copy exactly")
    if places > 1 and not arguments.replace_all:
        raise ToolError(
            f"{arguments.path!r} contains old_text {places} times; give more of the text around "
            "it, or set replace_all"
        )
    return before.replace(old, arguments.new_text.encode()), places


EDIT_FILE = FunctionTool(
    name="edit_file",
    description="Replace exact text in a file of the workspace.",
    safety="retryable",
    arguments=EditFile,
    function=edit_file,
)
