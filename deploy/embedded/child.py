# SPDX-License-Identifier: Apache-2.0
"""One program that we start, watch and end."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from signal import Signals
from typing import Protocol

from deploy.embedded import launch
from deploy.embedded.identity import Identity
from deploy.embedded.log_file import last_error_line


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run, and how to end it.

    ``environment`` is all that the program gets to see. ``death_signal`` is what it receives when
    the process that started it is gone without having stopped it. With ``module``, ``command`` is
    that Python module, and a nursery may run it instead.
    """

    name: str
    command: tuple[str, ...]
    module: str = ""
    log_path: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    directory: Path | None = None
    stop_signal: Signals = Signals.SIGTERM
    stop_timeout: timedelta = timedelta(seconds=10)
    death_signal: Signals = Signals.SIGKILL
    identity: Identity | None = None
    inherited: tuple[int, ...] = ()


class RunningProcess(Protocol):
    """A process that was started, by whatever means."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """How it ended, or None while it runs."""
        ...

    async def wait(self) -> int:
        """Wait until it has ended, and return how."""
        ...

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        ...


Spawn = Callable[[ChildSpec, int], Awaitable[RunningProcess]]
"""Starts what a spec says, with its output going to an open file."""


async def spawn(spec: ChildSpec, log: int) -> RunningProcess:
    """Start a program through ``launch``."""
    return await asyncio.create_subprocess_exec(
        *_launch_command(spec),
        stdin=DEVNULL,
        stdout=log,
        stderr=STDOUT,
        env=dict(spec.environment),
        cwd=spec.directory,
        pass_fds=spec.inherited,
        start_new_session=True,  # Ctrl-C in a terminal reaches us only
    )


class Child:
    """A program of ours: in its own session, with its output in a log, never left behind."""

    def __init__(self, spec: ChildSpec, *, spawn: Spawn = spawn) -> None:
        self.spec = spec
        self._spawn = spawn
        self._process: RunningProcess | None = None
        self._log_start = 0

    @property
    def name(self) -> str:
        """How people know it."""
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the program; return as soon as it exists."""
        log = self._open_log()
        try:
            self._process = await self._spawn(self.spec, log)
        finally:
            os.close(log)

    async def wait(self) -> int:
        """Wait until the program has ended, and return its exit code (negative: a signal)."""
        return await self._started().wait()

    async def stop(self) -> None:
        """Ask the program to end, and end it after ``stop_timeout``; return when it is gone."""
        if not self.running:
            return
        self.send(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_timeout.total_seconds()):
                await self.wait()
        except TimeoutError:
            self.kill()
            await self.wait()

    def send(self, number: Signals) -> None:
        """Send a signal, if the program still runs."""
        with suppress(ProcessLookupError):
            if self.running:
                self._started().send_signal(number)

    def kill(self) -> None:
        """End the program and all that it started in its session, at once."""
        with suppress(ProcessLookupError):
            if self.running:
                os.killpg(self._started().pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Return the last error line of its log, or nothing."""
        return last_error_line(self.spec.log_path, since=self._log_start)

    def _started(self) -> RunningProcess:
        if self._process is None:
            message = f"{self.name} was not started"
            raise RuntimeError(message)
        return self._process

    def _open_log(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        log = os.open(self.spec.log_path, flags, 0o600)
        self._log_start = os.fstat(log).st_size
        return log


def _launch_command(spec: ChildSpec) -> tuple[str, ...]:
    user = spec.identity
    arguments = (os.getpid(), spec.death_signal.value, *(user.ids if user else (-1, -1)))
    script = (sys.executable, "-I", "-S", str(Path(launch.__file__)))
    return (*script, *map(str, arguments), *spec.command)
