# SPDX-License-Identifier: Apache-2.0
"""One process of a service, started again with other orders or after it was killed."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deploy.embedded.child import Child, ChildSpec, Spawn
from tests.support.chaos.orders import Orders, Point, Trouble
from tests.support.eventually import eventually

MakeSpec = Callable[["Replica", Orders], ChildSpec]


class Replica:
    """A program for a ``Supervisor``; all its processes listen on the same port.

    Orders count from the next start. A point that was reached is not in the orders of the process
    that comes after.
    """

    def __init__(
        self,
        service: str,
        number: int,
        *,
        port: int,
        make_spec: MakeSpec,
        spawn: Spawn,
        marks: Path,
    ) -> None:
        self.service = service
        self.name = f"{service}-{number}"
        self.port = port
        self.pids: list[int] = []
        self._mark = marks / self.name
        self._orders = Orders(service=service, mark=str(self._mark))
        self._make_spec = make_spec
        self._spawn = spawn
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def arm(self, point: Point, *, occurrence: int) -> None:
        """Have the next process end itself at ``point``."""
        self._mark.unlink(missing_ok=True)
        self._orders = replace(self._orders, point=point, occurrence=occurrence)

    def disarm(self) -> None:
        """Have the next process end itself nowhere."""
        self._orders = self._orders.without_point()

    def misbehave(self, trouble: Trouble | None) -> None:
        """Have the next processes misbehave, or no more."""
        self._orders = replace(self._orders, trouble=trouble)

    def upgrade(self) -> None:
        """Have the next processes be of the later release."""
        self._orders = replace(self._orders, upgraded=True)

    @property
    def reached(self) -> bool:
        """Whether a process ended itself at the point it was given last."""
        return self._mark.exists()

    async def start(self) -> None:
        """Start a process."""
        if self.reached:
            self.disarm()
        self._child = Child(self._make_spec(self, self._orders), spawn=self._spawn)
        await self._child.start()
        if self._child.pid:
            self.pids.append(self._child.pid)

    @property
    def pid(self) -> int | None:
        """The process while there is one."""
        return self._child.pid if self._child else None

    async def wait(self) -> int:
        """Wait until the process has ended."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._child.wait()

    async def stop(self) -> None:
        """End the process in an orderly way."""
        if self._child:
            await self._child.stop()

    def kill(self) -> None:
        """End the process as a crash would."""
        if self._child:
            self._child.kill()

    def last_words(self) -> str:
        """Return the last error line that it wrote."""
        return self._child.last_words() if self._child else ""

    async def until_reached(self, *, patience: float) -> bool:
        """Wait for the process to end itself; tell whether it did."""
        try:
            await eventually(lambda: self.reached, timeout=patience)
        except AssertionError:
            return False
        return True

    async def until_another(self, pid: int | None) -> None:
        """Return when a process that is not ``pid`` runs."""
        while self.pid in {pid, None}:  # noqa: ASYNC110 -- the supervisor sets no event
            await asyncio.sleep(0.02)
