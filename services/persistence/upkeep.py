# SPDX-License-Identifier: Apache-2.0
"""What is done behind the sink and the HTTP interface, step by step, as long as there is any."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from shared.errors import AgentRuntimeError
from shared.health import Readiness
from shared.retry import Sleep

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
DAY_SECONDS = 86_400

Step = Callable[[], Awaitable[int]]
"""Does the next piece of some work; tells whether there was one."""


class Upkeep:
    """Works behind the rest, which never waits for it; what comes first in ``steps`` is first done.

    What is done ``daily`` is done before the start is over, too.
    """

    def __init__(
        self,
        name: str,
        steps: Sequence[Step],
        *,
        daily: Step | None = None,
        sleep: Sleep = asyncio.sleep,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self.name = name
        self._steps = steps
        self._daily = daily
        self._sleep = sleep
        self._seconds = seconds
        self._day_began = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Do what is done daily, and begin."""
        await self._begin_day()
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """End; what was not finished is done after the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def readiness(self) -> Readiness:
        """Tell whether it is at work; that it waits for a server is for others to say."""
        at_work = self._task is not None and not self._task.done()
        return Readiness(ready=at_work, reason="" if at_work else f"{self.name} has ended")

    async def _run(self) -> None:
        while True:
            try:
                if self._seconds() - self._day_began > DAY_SECONDS:
                    await self._begin_day()
                while await self._step():
                    await self._sleep(0)
            except AgentRuntimeError as error:
                logger.warning("upkeep waits", extra={"part": self.name, "reason": str(error)})
            await self._sleep(PAUSE_SECONDS)

    async def _begin_day(self) -> None:
        if self._daily:
            await self._daily()
        self._day_began = self._seconds()

    async def _step(self) -> bool:
        for step in self._steps:
            if await step():
                return True
        return False
