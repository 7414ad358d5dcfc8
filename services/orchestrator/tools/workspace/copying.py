# SPDX-License-Identifier: Apache-2.0
"""Copies the files of one workspace into another, following no link."""

import os
import shutil
import stat
from pathlib import Path

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.directory import opened_directory

MAX_BYTES = 256 * 1024 * 1024
MAX_ENTRIES = 20_000

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_files(source: Path, target: Path) -> None:
    """Copy regular files, directories and links; a link is copied as one, a device not at all.

    Raises:
        ToolError: there is more than may be copied; what was copied is to be thrown away.
    """
    entries = copied = 0
    for root, directories, files, descriptor in os.fwalk(source, follow_symlinks=False):
        below = Path(root).relative_to(source).parts
        with opened_directory(target, below, create=True) as into:
            entries += len(directories) + len(files)
            if entries > MAX_ENTRIES:
                raise ToolError(f"there are more than {MAX_ENTRIES} files to copy")
            for name in (*directories, *files):
                copied += _copy(name, source=descriptor, target=into, left=MAX_BYTES - copied)


def _copy(name: str, *, source: int, target: int, left: int) -> int:
    found = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    if not stat.S_ISREG(found.st_mode):
        return 0
    if found.st_size > left:
        raise ToolError(f"there are more than {MAX_BYTES} bytes to copy")
    mode = stat.S_IMODE(found.st_mode) & 0o777
    with (
        os.fdopen(os.open(name, _READ, dir_fd=source), "rb") as reading,
        os.fdopen(os.open(name, _CREATE, mode, dir_fd=target), "wb") as writing,
    ):
        os.fchmod(writing.fileno(), mode)
        shutil.copyfileobj(reading, writing)
    return found.st_size
