# SPDX-License-Identifier: Apache-2.0
"""What is done behind the sink: snapshots, a rebuild that goes on, and next month's partition."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from services.persistence.store.months import ensure_months
from services.persistence.store.rebuilding import Rebuilding
from services.persistence.store.snapshots import Snapshots
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.health import Readiness
from shared.retry import Sleep

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
DAY_SECONDS = 86_400


class Upkeep:
    """Works behind the sink, which never waits for it; without it, reading only takes longer."""

    name = "upkeep"

    def __init__(
        self,
        database: Database,
        *,
        sleep: Sleep = asyncio.sleep,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._snapshots = Snapshots(database)
        self._rebuilding = Rebuilding(database)
        self._sleep = sleep
        self._seconds = seconds
        self._months_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Have this month's partition ready, and begin."""
        await self._ensure_months()
        self._task = asyncio.create_task(self._run(), name="upkeep")

    async def stop(self) -> None:
        """End; what was not finished is done after the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def readiness(self) -> Readiness:
        """Tell whether it is at work; that it waits for the database is for others to say."""
        at_work = self._task is not None and not self._task.done()
        return Readiness(ready=at_work, reason="" if at_work else "upkeep has ended")

    async def _run(self) -> None:
        while True:
            try:
                if self._seconds() - self._months_at > DAY_SECONDS:
                    await self._ensure_months()
                while await self._snapshots.advance() or await self._rebuilding.advance():
                    await self._sleep(0)
            except AgentRuntimeError as error:
                logger.warning("upkeep waits", extra={"reason": str(error)})
            await self._sleep(PAUSE_SECONDS)

    async def _ensure_months(self) -> None:
        await ensure_months(self._database)
        self._months_at = self._seconds()
