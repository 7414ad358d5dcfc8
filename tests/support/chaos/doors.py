# SPDX-License-Identifier: Apache-2.0
"""Stands where a server was, and counts who knocks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Door:
    """How often somebody tried to connect."""

    knocks: int = 0


@asynccontextmanager
async def door(port: int) -> AsyncGenerator[Door]:
    """Accept connections on a port and close them at once."""
    found = Door()

    def knocked(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.knocks += 1
        writer.close()

    server = await asyncio.start_server(knocked, "127.0.0.1", port)
    async with server:
        yield found
