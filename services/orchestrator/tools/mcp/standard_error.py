# SPDX-License-Identifier: Apache-2.0
"""What an MCP server prints beside the protocol, as lines of our log."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TextIO

from shared.scrubbing import scrub

logger = logging.getLogger(__name__)

_LINE = 2000


@asynccontextmanager
async def standard_error(server: str) -> AsyncGenerator[TextIO]:
    """Give a file for the errors of a program; each line becomes a line of the log, shortened."""
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader(limit=64 * 1024)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
    )
    reading = asyncio.create_task(_log(server, reader))
    try:
        with os.fdopen(write_end, "w") as file:
            yield file
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        transport.close()


async def _log(server: str, reader: asyncio.StreamReader) -> None:
    while chunk := await reader.read(64 * 1024):
        for line in chunk.decode(errors="replace").splitlines():
            if line.strip():
                logger.info("mcp server", extra={"mcp": server, "line": scrub(line[:_LINE])})
