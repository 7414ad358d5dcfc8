# SPDX-License-Identifier: Apache-2.0
"""What a program prints, as much of it as is kept."""

import asyncio
import os
from collections.abc import Callable

_CHUNK = 64 * 1024


class ProgramOutput:
    """A pipe that keeps the first bytes and drops the rest.

    A program that prints more than ``flood`` bytes is reported through ``on_flood``, because
    reading and dropping without end would keep this process busy.
    """

    def __init__(self, *, keep: int, flood: int, on_flood: Callable[[], None]) -> None:
        self.kept = bytearray()
        self.seen = 0
        self.flooded = False
        self._keep = keep
        self._flood = flood
        self._on_flood = on_flood
        self._read_end, self.write_end = os.pipe()

    @property
    def truncated(self) -> bool:
        """Tell whether more was printed than was kept."""
        return self.seen > len(self.kept)

    async def read(self) -> None:
        """Read until the other side closes the pipe, or prints too much."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(self._read_end, "rb", 0)
        )
        try:
            while chunk := await reader.read(_CHUNK):
                self._take(chunk)
                if self.flooded:
                    self._on_flood()
                    return
        finally:
            transport.close()

    def _take(self, chunk: bytes) -> None:
        self.seen += len(chunk)
        self.kept += chunk[: self._keep - len(self.kept)]
        self.flooded = self.seen > self._flood
