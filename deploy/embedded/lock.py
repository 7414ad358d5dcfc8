# SPDX-License-Identifier: Apache-2.0
"""Who may use a directory: a file lock that the kernel releases when its holders are gone."""

import asyncio
import fcntl
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

_PAUSE_SECONDS = 0.02


class FileLock:
    """An exclusive lock on a file.

    A child that inherits ``descriptor`` holds the lock too, until it and its own children end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """The open file that carries the lock."""
        if self._descriptor is None:
            message = f"{self.path} is not locked"
            raise RuntimeError(message)
        return self._descriptor

    def acquire(self) -> bool:
        """Take the lock if it is free; tell whether it is ours now."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    async def acquire_within(self, patience: timedelta) -> bool:
        """Take the lock as soon as it is free; give up after ``patience``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while not self.acquire():  # noqa: ASYNC110 -- other processes set no event
                    await asyncio.sleep(_PAUSE_SECONDS)
        return self._descriptor is not None

    def release(self) -> None:
        """Give the lock back; children that inherited it keep it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
