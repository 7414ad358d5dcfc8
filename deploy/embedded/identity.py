# SPDX-License-Identifier: Apache-2.0
"""Who a program runs as, when it must not run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import StateDirectoryError

_NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and a group."""

    user: int
    group: int

    @property
    def ids(self) -> tuple[int, int]:
        """User id and group id."""
        return self.user, self.group

    def take(self, path: Path) -> None:
        """Make ``path`` theirs.

        Raises:
            StateDirectoryError: this machine does not know the user (a restricted container).
        """
        try:
            os.chown(path, *self.ids)
        except OSError as error:
            message = (
                f"PostgreSQL refuses to run as root and user {self.user} cannot be used here"
                f" ({error.strerror}): start the stack as an ordinary user"
            )
            raise StateDirectoryError(message) from error

    def reaches(self, path: Path) -> bool:
        """Tell whether they can read (and for a directory, enter) ``path`` where it is."""
        path = path.resolve()
        return self._may(path, stat.S_IROTH) and all(
            self._may(directory, stat.S_IXOTH) for directory in path.parents
        )

    def _may(self, path: Path, permission: int) -> bool:
        found = path.stat()
        if found.st_uid == self.user:
            permission <<= 6
        elif found.st_gid == self.group:
            permission <<= 3
        return bool(found.st_mode & permission)


def unprivileged(data: Path) -> Identity | None:
    """Return who has to be asked to work on ``data``; None when we can do it ourselves.

    Only root has to ask somebody: the owner that ``data`` has already, or else nobody.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Identity(owner.st_uid, owner.st_gid)
    return _nobody()


def _nobody() -> Identity:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Identity(_NOBODY, _NOBODY)
    return Identity(entry.pw_uid, entry.pw_gid)
