# SPDX-License-Identifier: Apache-2.0
"""Shows how many approvals wait for a person, and for how long, as figures on ``/metrics``."""

from datetime import timedelta

from services.orchestrator.store.approvals import Waiting, waiting_approvals
from shared.database import Database
from shared.telemetry import Instruments
from shared.telemetry.measuring import EVERY, Measuring


class ApprovalsGauge(Measuring):
    """Counts every now and then; without a database the figures stand still."""

    name = "approvals"

    def __init__(
        self, database: Database, instruments: Instruments, *, every: timedelta = EVERY
    ) -> None:
        super().__init__(every=every)
        self._database = database
        self._instruments = instruments

    async def measure(self) -> None:
        """Count what waits in all sessions."""
        async with self._database.connect() as connection:
            self._show(await waiting_approvals(connection))

    def _show(self, waiting: Waiting) -> None:
        self._instruments.approvals_pending.set(waiting.count)
        self._instruments.approvals_oldest_age.set(waiting.oldest.total_seconds())
