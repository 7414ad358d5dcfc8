# SPDX-License-Identifier: Apache-2.0
"""Opening directories and files one name at a time, following no link.

A path that is checked and then opened can be changed in between. Here nothing is checked by path:
each name is opened relative to the descriptor of the directory above it, with ``O_NOFOLLOW``, so
that what was opened is what is used, whatever happens to the names meanwhile.
"""

import errno
import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from services.orchestrator.tools.errors import ToolError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_REASONS = {
    errno.ENOENT: "does not exist; list_files shows what does",
    errno.ELOOP: "is a link; links are not followed",
    errno.ENOTDIR: "leads through something that is no directory; links are not followed",
    errno.EISDIR: "is a directory; name a file",
    errno.ENAMETOOLONG: "is too long; shorten it",
    errno.EACCES: "must not be accessed",
    errno.EPERM: "must not be accessed",
    errno.EROFS: "cannot be changed: the disk is read-only",
    errno.ENOSPC: "does not fit: the disk is full; delete something first",
    errno.EDQUOT: "does not fit: the quota is used up; delete something first",
}


@contextmanager
def told_to_the_model(path: str) -> Generator[None]:
    """Turn what the system says about ``path`` into a ``ToolError`` without real paths."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or f"failed: {os.strerror(error.errno or 0)}"
        raise ToolError(f"{path!r} {reason}") from None


@contextmanager
def opened_directory(root: Path, names: Sequence[str], *, create: bool = False) -> Generator[int]:
    """Yield a descriptor of the directory ``names`` below ``root``, creating it on demand.

    Raises:
        OSError: it is not there, or one of the names is a link or no directory.
    """
    descriptor = os.open(root, _DIRECTORY)
    try:
        for name in names:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=descriptor)
            below = os.open(name, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def read_regular(name: str, *, directory: int, limit: int) -> bytes:
    """Return the bytes of a regular file.

    Pipes and devices are opened without waiting for the other side, and then refused.

    Raises:
        ToolError: it is no regular file, or larger than ``limit``.
        OSError: it cannot be opened.
    """
    descriptor = os.open(name, _READ, dir_fd=directory)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ToolError(f"{name!r} is no regular file")
        content = bytearray()
        while len(content) <= limit and (chunk := file.read(limit + 1 - len(content))):
            content += chunk
    if len(content) > limit:
        raise ToolError(f"{name!r} is larger than {limit} bytes, which is the most that is read")
    return bytes(content)


def create_regular(name: str, content: bytes, *, directory: int, mode: int) -> None:
    """Write a file that was not there, down to the disk.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    descriptor = os.open(name, _CREATE, mode, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
