# SPDX-License-Identifier: Apache-2.0
"""A directory that another user works in, wherever it is."""

import os
import sys
from pathlib import Path

from deploy.embedded.identity import Identity


class DataDirectory:
    """An existing directory, opened for the programs that ``identity`` runs in it.

    Below ``/root``, or any directory that is closed to others, that user cannot reach it by its
    path. So its programs inherit the open directory and name it through ``/proc``: no permission of
    a directory above has to be changed. Without an identity the path itself is the name.
    """

    def __init__(self, path: Path, identity: Identity | None) -> None:
        self.path = path.resolve()
        self.identity = identity
        self._descriptor = self._open() if identity and sys.platform == "linux" else None

    @property
    def name(self) -> str:
        """What to call it on the command line of a program."""
        if self._descriptor is None:
            return str(self.path)
        return f"/proc/self/fd/{self._descriptor}"

    @property
    def inherited(self) -> tuple[int, ...]:
        """The open files that the program has to inherit."""
        return () if self._descriptor is None else (self._descriptor,)

    def close(self) -> None:
        """Close the directory; programs that inherited it keep it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        return os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
