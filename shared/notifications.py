# SPDX-License-Identifier: Apache-2.0
"""What other processes announce through PostgreSQL: LISTEN, on a connection of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database, database_errors


class Notifications:
    """Calls a function with each payload that arrives on a channel.

    What is announced while nobody listens is lost, so an announcement may save time and nothing
    else: whoever waits for one also looks by itself now and then.
    """

    def __init__(self, database: Database, heard: Mapping[str, Callable[[str], None]]) -> None:
        self._database = database
        self._heard = dict(heard)
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def listen(self) -> None:
        """Listen; listen again where the connection was lost.

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
            for channel in self._heard:
                await self._driver.add_listener(channel, self._hear)

    def _hear(self, _connection: object, _process: int, channel: str, payload: str) -> None:
        self._heard[channel](payload)

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()
