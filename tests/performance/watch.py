# SPDX-License-Identifier: Apache-2.0
"""When work begins, and when so much of it is done."""

import asyncio
from time import perf_counter


class Watch:
    """Counts work that comes in portions.

    The time runs from the end of the first portion, whose beginning nobody sees: joining a group
    and filling a buffer belong to no rate.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._first = 0
        self._done = 0
        self._began = 0.0
        self._ended = asyncio.get_running_loop().create_future()

    def did(self, portion: int) -> None:
        """Note that a portion is done."""
        now = perf_counter()
        if not self._done:
            self._began, self._first = now, portion
        self._done += portion
        if self._done >= self._total and not self._ended.done():
            self._ended.set_result(now)

    async def rate(self) -> float:
        """Return how much was done in a second, when all of it is done."""
        ended: float = await self._ended
        return (self._done - self._first) / (ended - self._began)
