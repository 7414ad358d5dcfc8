# SPDX-License-Identifier: Apache-2.0
"""Shows how many letters there are as figures on ``/metrics``."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from services.dead_letters.store.group_queries import Depth, depths
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.health import Readiness
from shared.telemetry import Instruments

EVERY = timedelta(seconds=5)
UNKNOWN_GROUP = "unknown"


class DepthGauge:
    """Counts the letters every now and then; without a database the figures stand still."""

    name = "depth"

    def __init__(
        self, database: Database, instruments: Instruments, *, every: timedelta = EVERY
    ) -> None:
        self._database = database
        self._instruments = instruments
        self._every = every
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to count."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Count no more."""
        self._stopping.set()
        if self._task:
            await self._task

    async def readiness(self) -> Readiness:
        """Say yes: no letter waits for a figure."""
        return Readiness(ready=True)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(AgentRuntimeError):  # the database component tells of it
                await self._count()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every.total_seconds()):
                    await self._stopping.wait()

    async def _count(self) -> None:
        async with self._database.connect() as connection:
            for depth in await depths(connection):
                self._show(depth)

    def _show(self, depth: Depth) -> None:
        group = depth.consumer_group or UNKNOWN_GROUP
        for status, letters in depth.by_status.items():
            self._instruments.dlq_depth.set(letters, {"group": group, "state": status})
        self._instruments.dlq_fingerprints.set(depth.open_fingerprints, {"group": group})
