# SPDX-License-Identifier: Apache-2.0
"""Wakes a relay: at once for what this process committed, and soon for what others did."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database, database_errors


class Wakeup:
    """An event that is also set when another process announces new records on a channel.

    The announcement only saves time: a relay looks by itself every now and then.
    """

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._event = asyncio.Event()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

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
        if self._driver is not None and not self._driver.is_closed():
            return
        await self.close()
        async with database_errors():
            self._connection = await self._database.engine.connect()
            raw = await self._connection.get_raw_connection()
            self._driver = raw.driver_connection
            await self._driver.add_listener(self._channel, self._heard)

    def _heard(self, *_: object) -> None:
        self._event.set()

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()
