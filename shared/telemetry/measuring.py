# SPDX-License-Identifier: Apache-2.0
"""Measures something every now and then, to show it on ``/metrics``."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import timedelta

from shared.errors import AgentRuntimeError
from shared.health import Readiness

EVERY = timedelta(seconds=5)


class Measuring(ABC):
    """A component whose figures stand still while what it asks is not there.

    Each replica shows the same: those of the whole service.
    """

    name: str

    def __init__(self, *, every: timedelta = EVERY) -> None:
        self._every = every
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def measure(self) -> None:
        """Measure once, and show it.

        Raises:
            AgentRuntimeError: what is asked is not there; its own component tells of it.
        """

    async def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Finish what is being measured, and measure no more."""
        self._stopping.set()
        if self._task:
            await self._task

    async def readiness(self) -> Readiness:
        """Say yes: nothing waits for a figure."""
        return Readiness(ready=True)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(AgentRuntimeError):
                await self.measure()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every.total_seconds()):
                    await self._stopping.wait()
