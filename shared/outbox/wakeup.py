# SPDX-License-Identifier: Apache-2.0
"""Wakes a relay: at once for what this process committed, and soon for what others did."""

import asyncio
import contextlib
from datetime import timedelta

from shared.database import Database
from shared.notifications import Notifications


class Wakeup:
    """An event that is also set when another process announces new records on a channel.

    The announcement only saves time: a relay looks by itself every now and then.
    """

    def __init__(self, database: Database, channel: str) -> None:
        self._event = asyncio.Event()
        self._notifications = Notifications(database, {channel: lambda _: self._event.set()})

    def set(self) -> None:
        """Wake the relay of this process."""
        self._event.set()

    async def wait(self, limit: timedelta) -> None:
        """Return when there may be something to do, at the latest after ``limit``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit.total_seconds()):
                await self._event.wait()
        self._event.clear()

    async def listen(self) -> None:
        """Listen for announcements; listen again where the connection was lost.

        Raises:
            DependencyDownError: the database cannot be reached.
        """
        await self._notifications.listen()

    async def close(self) -> None:
        """Stop listening."""
        await self._notifications.close()
