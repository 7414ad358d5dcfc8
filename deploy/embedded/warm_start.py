# SPDX-License-Identifier: Apache-2.0
"""Starts services quickly, out of a nursery."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from deploy.embedded import nursery
from deploy.embedded.births import MESSAGE_BYTES, Birth, Born, Ended
from deploy.embedded.child import Child, ChildSpec, RunningProcess, spawn

PRELOADED = ("shared.service", "shared.database", "shared.cache", "shared.outbox")
"""Nothing of a service: what its modules leave in a process must not reach the others."""

_ANSWER: TypeAdapter[Born | Ended] = TypeAdapter(Born | Ended)


class WarmProcess:
    """A process that a nursery bore for us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        """Wait until it has ended, and return how."""
        return await asyncio.shield(self._code)

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, signal)

    def end(self, code: int) -> None:
        """Note how it ended."""
        if not self._code.done():
            self._code.set_result(code)


class WarmStart:
    """Runs Python modules out of a nursery, and whatever else, or without a nursery, as usual.

    There is no nursery before ``start``, after ``stop``, when it has crashed, and off Linux.
    """

    def __init__(
        self,
        *,
        log_path: Path,
        environment: Mapping[str, str],
        preloaded: tuple[str, ...] = PRELOADED,
    ) -> None:
        self._preloaded = preloaded
        self._log_path = log_path
        self._environment = environment
        self._nursery: Child | None = None
        self._listener: asyncio.Task[None] | None = None
        self._control: socket.socket | None = None
        self._orders: dict[str, asyncio.Future[WarmProcess]] = {}
        self._processes: dict[int, WarmProcess] = {}

    async def start(self) -> None:
        """Start the nursery; return while it is still importing."""
        if sys.platform != "linux":
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._nursery = Child(self._spec(theirs.fileno()))
            await self._nursery.start()
        ours.setblocking(False)
        self._control = ours
        self._listener = asyncio.create_task(self._listen(ours), name="nursery")

    async def stop(self) -> None:
        """End the nursery, and with it whatever it bore."""
        if self._nursery and self._listener:
            await self._nursery.stop()
            await self._listener

    async def spawn(self, spec: ChildSpec, log: int) -> RunningProcess:
        """Start what ``spec`` says; a ``Spawn`` for a ``Child``."""
        if spec.module and self._control:
            try:
                return await self._order(spec, self._control)
            except OSError:
                return await spawn(spec, log)
        return await spawn(spec, log)

    async def _order(self, spec: ChildSpec, control: socket.socket) -> WarmProcess:
        """Have it born.

        Raises:
            OSError: the nursery is gone, or the environment is too large for it.
        """
        loop = asyncio.get_running_loop()
        birth = Birth(
            name=spec.name,
            module=spec.module,
            environment=dict(spec.environment),
            directory=str(spec.directory or Path.cwd()),
            log_path=str(spec.log_path),
            death_signal=spec.death_signal,
        )
        self._orders[spec.name] = loop.create_future()
        try:
            await loop.sock_sendall(control, birth.model_dump_json().encode())
            return await self._orders[spec.name]
        finally:
            del self._orders[spec.name]

    async def _listen(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with control:
            while message := await loop.sock_recv(control, MESSAGE_BYTES):
                self._hear(_ANSWER.validate_json(message))
            self._control = None
        for order in self._orders.values():
            order.set_exception(ConnectionResetError("the nursery is gone"))
        for process in self._processes.values():
            process.end(-signal.SIGKILL)

    def _hear(self, answer: Born | Ended) -> None:
        if isinstance(answer, Ended):
            self._processes.pop(answer.pid).end(answer.code)
            return
        process = self._processes[answer.pid] = WarmProcess(answer.pid)
        if order := self._orders.get(answer.name):
            order.set_result(process)

    def _spec(self, control: int) -> ChildSpec:
        return ChildSpec(
            name="nursery",
            command=(
                *(sys.executable, "-P", "-m", nursery.__name__, str(control)),
                *self._preloaded,
            ),
            environment=self._environment,
            log_path=self._log_path,
            inherited=(control,),
        )
