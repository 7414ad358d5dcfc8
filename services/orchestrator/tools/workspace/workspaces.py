# SPDX-License-Identifier: Apache-2.0
"""Where the workspaces of all sessions are."""

import re
import shutil
from contextlib import suppress
from pathlib import Path

from services.orchestrator.tools.workspace.copying import copy_files
from services.orchestrator.tools.workspace.limits import WorkspaceLimits
from services.orchestrator.tools.workspace.workspace import Workspace
from shared.errors import PermanentError

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PARTS = ("files", "temporary", "effects")


class Workspaces:
    """One directory per session below a root that only this service uses."""

    def __init__(self, root: Path, *, limits: WorkspaceLimits | None = None) -> None:
        self._root = root
        self._limits = limits or WorkspaceLimits()

    def open(self, session_id: str) -> Workspace:
        """Return the workspace of a session, creating it if it is new.

        Raises:
            PermanentError: ``session_id`` is no name for a directory.
        """
        directory = self._directory(session_id)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in _PARTS:
            (directory / part).mkdir(mode=0o700, exist_ok=True)
        return Workspace(directory, limits=self._limits)

    def copy(self, session_id: str, into: str) -> None:
        """Give a new session a copy of the files of another.

        Raises:
            ToolError: there is more than may be copied.
        """
        copy_files(self.open(session_id).files, self.open(into).files)

    def remove(self, session_id: str) -> None:
        """Delete all that a session kept; a session without a workspace is no error.

        Several may do so at the same time, as it is done at once, and behind an event too.

        Raises:
            PermanentError: ``session_id`` is no name for a directory.
        """
        directory = self._directory(session_id)
        while directory.exists():
            with suppress(FileNotFoundError):  # somebody else removed it first
                shutil.rmtree(directory)

    def _directory(self, session_id: str) -> Path:
        if not _SESSION_ID.fullmatch(session_id):
            raise PermanentError(
                f"{session_id[:80]!r} is no session id: letters, digits, '-' and '_', at most 64"
            )
        return self._root / session_id
