# SPDX-License-Identifier: Apache-2.0
"""Copies the files of one workspace into another, following no link."""

import os
import stat
from contextlib import suppress
from io import RawIOBase
from pathlib import Path

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.directory import opened_directory, told_to_the_model

MAX_BYTES = 256 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_DEPTH = 100
_CHUNK = 1024 * 1024

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_files(source: Path, target: Path) -> None:
    """Copy regular files, directories and links; a link is copied as one, a device not at all.

    A file that vanishes meanwhile is left out.

    Raises:
        ToolError: there is more than may be copied, or it cannot be read; what was copied is to be
            thrown away.
    """
    entries = copied = 0
    for root, directories, files, descriptor in os.fwalk(source, follow_symlinks=False):
        below = Path(root).relative_to(source).parts
        if len(below) > MAX_DEPTH:
            raise ToolError(f"there are directories more than {MAX_DEPTH} deep, too deep to copy")
        with opened_directory(target, below, create=True) as into:
            entries += len(directories) + len(files)
            if entries > MAX_ENTRIES:
                raise ToolError(f"there are more than {MAX_ENTRIES} files to copy")
            for name in (*directories, *files):
                with told_to_the_model(name), suppress(FileNotFoundError):
                    copied += _copy(name, source=descriptor, target=into, left=MAX_BYTES - copied)


def _copy(name: str, *, source: int, target: int, left: int) -> int:
    found = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    if not stat.S_ISREG(found.st_mode):
        return 0
    reading = os.open(name, _READ, dir_fd=source)
    with os.fdopen(reading, "rb", buffering=0) as file:
        found = os.fstat(reading)
        if not stat.S_ISREG(found.st_mode):
            return 0
        return _copy_content(file, name, target=target, mode=found.st_mode & 0o777, left=left)


def _copy_content(file: RawIOBase, name: str, *, target: int, mode: int, left: int) -> int:
    """Copy what a file really holds, which may be more than it held when it was looked at."""
    copied = 0
    with os.fdopen(os.open(name, _CREATE, mode, dir_fd=target), "wb") as writing:
        os.fchmod(writing.fileno(), mode)
        while chunk := file.read(_CHUNK):
            copied += len(chunk)
            if copied > left:
                raise ToolError(f"there are more than {MAX_BYTES} bytes to copy")
            writing.write(chunk)
    return copied
