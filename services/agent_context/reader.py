# SPDX-License-Identifier: Apache-2.0
"""Reads contexts that are recent enough."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.agent_context.store import ContextStore, Stored

PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Waits for contexts to reach a sequence."""

    store: ContextStore

    async def read(
        self, session_id: str, *, at_least: int = 1, within: timedelta = timedelta()
    ) -> Stored:
        """Return what is kept of a session once it has reached ``at_least``, or after ``within``.

        Raises:
            NotBuiltError: the contexts are being made again.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within.total_seconds()
        while True:
            found = await self.store.read(session_id)
            left = deadline - loop.time()
            if found.sequence >= at_least or left <= 0:
                return found
            await asyncio.sleep(min(PAUSE_SECONDS, left))
