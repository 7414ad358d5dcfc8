# SPDX-License-Identifier: Apache-2.0
"""The files of one session."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.directory import (
    create_regular,
    opened_directory,
    read_regular,
    told_to_the_model,
)
from services.orchestrator.tools.workspace.effect_records import EffectRecords
from services.orchestrator.tools.workspace.entry import Listing, listing
from services.orchestrator.tools.workspace.limits import WorkspaceLimits
from services.orchestrator.tools.workspace.path import names_of


class Workspace:
    """Reads and writes files below one directory, and nowhere else.

    No path leads out: not by ``..``, an absolute name or a link, and not by a directory that is
    replaced with a link while it is used. A file is written as a whole or not at all.

    The directory has three parts: ``files``, which paths are relative to and commands run in;
    ``temporary``, where files are before they are complete; and ``effects``, the notes of tools.
    The methods block; call them from a thread.
    """

    def __init__(self, directory: Path, *, limits: WorkspaceLimits | None = None) -> None:
        self.limits = limits or WorkspaceLimits()
        self.files = directory / "files"
        self._temporary = directory / "temporary"
        self.effects = EffectRecords(directory / "effects")

    def read(self, path: str) -> bytes:
        """Return what a file holds.

        Raises:
            ToolError: it is not there, is no regular file, is behind a link, or is too large.
        """
        *above, name = _file_names(path)
        with told_to_the_model(path), opened_directory(self.files, above) as directory:
            return read_regular(name, directory=directory, limit=self.limits.file_bytes)

    def read_text(self, path: str) -> str:
        """Return what a text file holds.

        Raises:
            ToolError: as ``read``, and if it is no UTF-8.
        """
        try:
            return self.read(path).decode()
        except UnicodeDecodeError:
            raise ToolError(f"{path!r} is no UTF-8 text") from None

    def write(self, path: str, content: bytes) -> bool:
        """Make ``content`` what the file holds, creating it and its directories on demand.

        Returns:
            Whether the file is new. Of one that was there, the mode is kept.

        Raises:
            ToolError: it is too large, or its path is taken by something that is no regular file.
        """
        *above, name = _file_names(path)
        if len(content) > self.limits.file_bytes:
            raise ToolError(
                f"{path!r} would have {len(content)} bytes; a file has at most "
                f"{self.limits.file_bytes}, so write it in parts"
            )
        with told_to_the_model(path), opened_directory(self.files, above, create=True) as directory:
            mode = _mode_of(name, directory=directory)
            self._replace(name, content, directory=directory, mode=mode or 0o600)
            return mode is None

    def list(self, path: str = ".", *, recursive: bool = False) -> Listing:
        """Return what a directory holds, up to the limit of entries.

        Raises:
            ToolError: it is not there, is no directory or is behind a link.
        """
        with told_to_the_model(path):
            return listing(
                self.files, names_of(path), recursive=recursive, limit=self.limits.entries
            )

    def _replace(self, name: str, content: bytes, *, directory: int, mode: int) -> None:
        complete = secrets.token_hex(16)
        with opened_directory(self._temporary, ()) as temporary:
            try:
                create_regular(complete, content, directory=temporary, mode=mode)
                os.replace(complete, name, src_dir_fd=temporary, dst_dir_fd=directory)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(complete, dir_fd=temporary)
        os.fsync(directory)


def _file_names(path: str) -> tuple[str, ...]:
    try:
        names = names_of(path)
    except ValueError as error:
        raise ToolError(f"{path!r}: {error}") from None
    if not names:
        raise ToolError(f"{path!r} is the workspace itself; name a file in it")
    return names


def _mode_of(name: str, *, directory: int) -> int | None:
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = "a directory" if stat.S_ISDIR(found.st_mode) else "a link or no regular file"
        raise ToolError(f"{name!r} is {kind}; write to another name")
    return stat.S_IMODE(found.st_mode) & 0o777
