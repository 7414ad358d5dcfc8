# SPDX-License-Identifier: Apache-2.0
"""Counts events that are handed in one by one, as many at a time as have come together."""

import asyncio
from collections.abc import Sequence

from services.metrics.ledger import Ledger
from shared.errors import DependencyDownError
from shared.events import Event

Handed = tuple[Event, asyncio.Future[None]]


class Gathering:
    """While some events are being counted, those that come meanwhile wait to be counted together.

    Each call returns, or raises, what became of its own event.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[Handed] = []
        self._counting: asyncio.Task[None] | None = None

    async def count(self, event: Event) -> None:
        """Return when ``event`` is counted.

        Raises:
            PermanentError: it cannot be.
            TransientError: it was not, this time.
        """
        counted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, counted))
        if self._counting is None:
            self._counting = asyncio.create_task(self._count_all())
        await counted

    async def _count_all(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting, []
                await self._count_together(together)
        finally:
            self._counting = None

    async def _count_together(self, handed: Sequence[Handed]) -> None:
        try:
            await self._ledger.count([event for event, _ in handed])
        except Exception as error:  # noqa: BLE001 -- whatever it is, those who wait have to know
            if len(handed) == 1 or isinstance(error, DependencyDownError):
                _settle(handed, error)
            else:
                for each in handed:
                    await self._count_together([each])
        else:
            _settle(handed)


def _settle(handed: Sequence[Handed], error: Exception | None = None) -> None:
    for _, counted in handed:
        if counted.done():  # nobody waits any more
            continue
        if error is None:
            counted.set_result(None)
        else:
            counted.set_exception(error)
