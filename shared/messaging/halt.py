# SPDX-License-Identifier: Apache-2.0
"""The end of a consumer's progress, until a person has looked and starts the process again."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

WHAT_TO_DO = (
    "a release may be bad: deploy one that handles them and restart, and they come again; to have "
    "them dead-lettered instead, restart with a larger DELIVERY_MAX_FAILED_IN_A_ROW or "
    "DELIVERY_MAX_FAILED_SHARE (0 and 1 are no limit)"
)


@dataclass(slots=True, kw_only=True)
class Halt:
    """Holds whoever asks to be held, for as long as the process lives; says so once."""

    on_halt: Callable[[], None] = lambda: None
    reason: str | None = None

    async def hold(self, what: str, error: Exception) -> None:
        """Never return: what is held is neither applied nor committed, and comes again."""
        if self.reason is None:
            last = f"{type(error).__name__}: {error}"
            self.reason = f"stopped: {what}, the last with {last[:300]}; {WHAT_TO_DO}"
            logger.critical("stopped", extra={"reason": what, "error": error})
            self.on_halt()
        await asyncio.get_running_loop().create_future()
