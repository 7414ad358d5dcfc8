# SPDX-License-Identifier: Apache-2.0
"""Shows how many approvals wait for a person, and for how long, as figures on ``/metrics``."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from services.orchestrator.store.approvals import Waiting, waiting_approvals
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.health import Readiness
from shared.telemetry import Instruments

EVERY = timedelta(seconds=5)


class ApprovalsGauge:
    """Counts every now and then; without a database the figures stand still.

    Every replica shows the same: those of all sessions.
    """

    name = "approvals"

    def __init__(
        self, database: Database, instruments: Instruments, *, every: timedelta = EVERY
    ) -> None:
        self._database = database
        self._instruments = instruments
        self._every = every
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to count."""
        self._task = asyncio.create_task(self._run(), name="count approvals")

    async def stop(self) -> None:
        """Count no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def readiness(self) -> Readiness:
        """Say yes: no turn waits for a figure."""
        return Readiness(ready=True)

    async def _run(self) -> None:
        while True:
            with suppress(AgentRuntimeError):  # the database component tells of it
                await self._count()
            await asyncio.sleep(self._every.total_seconds())

    async def _count(self) -> None:
        async with self._database.connect() as connection:
            self._show(await waiting_approvals(connection))

    def _show(self, waiting: Waiting) -> None:
        self._instruments.approvals_pending.set(waiting.count)
        self._instruments.approvals_oldest_age.set(waiting.oldest.total_seconds())
