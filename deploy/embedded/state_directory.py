# SPDX-License-Identifier: Apache-2.0
"""The directory that a stack keeps everything in, and has to itself."""

import os
from pathlib import Path

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.lock import FileLock
from deploy.embedded.log_file import keep_previous


class StateDirectory:
    """``servers/`` has their data, ``logs/`` what all wrote, ``stack.json`` the addresses."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.servers = self.path / "servers"
        self.logs = self.path / "logs"
        self.stack_file = self.path / "stack.json"
        self._lock = FileLock(self.path / "lock")

    def claim(self) -> None:
        """Make the directory, if need be, and take it for ourselves until ``release``.

        Raises:
            StateDirectoryError: another stack has it, or it cannot be written.
        """
        try:
            self._make()
            ours = self._lock.acquire()
        except OSError as error:
            message = f"cannot use {self.path}: {error.strerror}; choose another --state-dir"
            raise StateDirectoryError(message) from error
        if not ours:
            message = (
                f"a stack is running in {self.path} already{self._whose()}: stop it with Ctrl-C, or"
                " choose another --state-dir (and --ports auto)"
            )
            raise StateDirectoryError(message)
        for log in self.logs.glob("*.log"):
            keep_previous(log)

    def release(self) -> None:
        """Give the directory back; its addresses are no longer valid."""
        self.stack_file.unlink(missing_ok=True)
        self._lock.release()

    def running_stack(self) -> StackAddresses:
        """Return the addresses of the stack that runs here.

        Raises:
            StateDirectoryError: none does.
        """
        if not self.stack_file.exists() or self._is_abandoned():
            message = f"no stack is running in {self.path}: start one with `agent-runtime up`"
            raise StateDirectoryError(message)
        return StackAddresses.read(self.stack_file)

    def _is_abandoned(self) -> bool:
        """Tell whether the stack that wrote the addresses was killed before it removed them."""
        if self._lock.acquire():
            self._lock.release()
            return True
        return False

    def _make(self) -> None:
        for directory in (self.path, self.servers, self.logs):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.path / ".gitignore"  # it has passwords in it
        if not ignore.exists():
            ignore.write_text("*\n")
        if not os.access(self.path, os.W_OK):
            raise PermissionError(13, "it is not writable")

    def _whose(self) -> str:
        if not self.stack_file.exists():
            return ""
        return f" (process {StackAddresses.read(self.stack_file).pid})"
