# SPDX-License-Identifier: Apache-2.0
"""Shows how many letters there are as figures on ``/metrics``."""

from datetime import timedelta

from services.dead_letters.store.group_queries import Depth, depths
from shared.database import Database
from shared.telemetry import Instruments
from shared.telemetry.measuring import EVERY, Measuring

UNKNOWN_GROUP = "unknown"


class DepthGauge(Measuring):
    """Counts the letters every now and then; without a database the figures stand still."""

    name = "depth"

    def __init__(
        self, database: Database, instruments: Instruments, *, every: timedelta = EVERY
    ) -> None:
        super().__init__(every=every)
        self._database = database
        self._instruments = instruments

    async def measure(self) -> None:
        """Count the letters of each group."""
        async with self._database.connect() as connection:
            for depth in await depths(connection):
                self._show(depth)

    def _show(self, depth: Depth) -> None:
        group = depth.consumer_group or UNKNOWN_GROUP
        for status, letters in depth.by_status.items():
            self._instruments.dlq_depth.set(letters, {"group": group, "state": status})
        self._instruments.dlq_fingerprints.set(depth.open_fingerprints, {"group": group})
