# SPDX-License-Identifier: Apache-2.0
"""What the three embedded servers have in common: a directory, a port, a start that is certain."""

from abc import ABC, abstractmethod
from datetime import timedelta
from pathlib import Path

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.errors import StartupError, StateDirectoryError
from deploy.embedded.lock import FileLock
from deploy.embedded.ports import free_port, is_free, require_free
from deploy.embedded.readiness import until_ready

_ATTEMPTS = 3


class EmbeddedServer(ABC):
    """A server on loopback that keeps its files in ``directory``.

    A port that is not given is chosen at the first start and kept for later ones, so that clients
    find the server again.
    """

    name: str
    patience = timedelta(seconds=30)

    def __init__(self, directory: Path, *, log_path: Path, port: int | None = None) -> None:
        self.directory = directory
        self.log_path = log_path
        self._port = port
        self.lock = FileLock(directory / "lock")
        self._child: Child | None = None

    @property
    def port(self) -> int:
        """Where it listens.

        Raises:
            RuntimeError: it was never started and was not given a port.
        """
        if self._port is None:
            message = f"{self.name} has no port before it is started"
            raise RuntimeError(message)
        return self._port

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the server and return when it answers.

        Raises:
            EmbeddedError: it cannot; the message says what to do.
        """
        await self._lock_directory()
        try:
            await self._start_locked()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the server and return when it and all processes of its own are gone."""
        if self._child:
            await self._child.stop()
        self.lock.release()
        if self.directory.exists() and await self.lock.acquire_within(self.patience):
            self.lock.release()

    def kill(self) -> None:
        """End the server at once, as a power failure would."""
        if self._child:
            self._child.kill()

    async def wait(self) -> int:
        """Wait until the server has ended, and return its exit code."""
        if self._child is None:
            message = f"{self.name} was not started"
            raise RuntimeError(message)
        return await self._child.wait()

    def last_words(self) -> str:
        """Return the last error line of its log, or nothing."""
        return self._child.last_words() if self._child else ""

    @abstractmethod
    async def prepare(self) -> None:
        """Put in place what the program needs in ``directory``, which is ours alone now."""

    @abstractmethod
    def spec(self, lock: int) -> ChildSpec:
        """Return what to run; the child inherits ``lock``, so that it holds the directory."""

    @abstractmethod
    async def probe(self) -> str | None:
        """Return None when the server answers, and that it is this one; or why it does not."""

    async def _lock_directory(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.lock.release()  # after a crash, what the server left running may still hold it
        if not await self.lock.acquire_within(self.patience):
            message = (
                f"{self.name} in {self.directory} is still in use by another process: stop that"
                " one first, or choose another --state-dir"
            )
            raise StateDirectoryError(message)

    async def _start_locked(self) -> None:
        await self.prepare()
        if self._port is not None:
            require_free(self._port, owner=self.name, advice="stop it, or give another port")
            return await self._run()
        for attempt in range(1, _ATTEMPTS + 1):
            self._port = free_port()
            try:
                return await self._run()
            except StartupError:
                if attempt == _ATTEMPTS or is_free(self._port):
                    raise  # nobody was quicker than we; it failed by itself
        return None

    async def _run(self) -> None:
        self._child = Child(self.spec(self.lock.descriptor))
        await self._child.start()
        await until_ready(self._child, self.probe, patience=self.patience)
