# SPDX-License-Identifier: Apache-2.0
"""What recorded calls changed in the workspace, as far as their arguments tell."""

from pydantic import ValidationError

from services.orchestrator.tools.arguments import JsonObject
from services.orchestrator.tools.edit_file import EDIT_FILE, EditFile, replaced
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.workspace import Workspace
from services.orchestrator.tools.write_file import WRITE_FILE, WriteFile


def apply_again(workspace: Workspace, tool: str, arguments: JsonObject) -> bool:
    """Bring into the workspace what a recorded call changed there; no tool is called.

    Returns:
        Whether that could be told: not of commands, nor where the files are no longer what the
        call found.
    """
    try:
        if tool == WRITE_FILE.name:
            wrote = WriteFile.model_validate(arguments)
            workspace.write(wrote.path, wrote.content.encode())
            return True
        if tool == EDIT_FILE.name:
            edited = EditFile.model_validate(arguments)
            after, _ = replaced(edited, workspace.read(edited.path))
            workspace.write(edited.path, after)
            return True
    except (ToolError, ValidationError):
        return False
    return False
