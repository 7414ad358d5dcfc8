# SPDX-License-Identifier: Apache-2.0
"""Takes batches in hand one after the other: each is processed, then committed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from shared.messaging.attempts import AttemptLog, CrashedError
from shared.messaging.guard import PROBING
from shared.messaging.records import Record
from shared.retry import Sleep

logger = logging.getLogger(__name__)

T = TypeVar("T")
Commit = Callable[[Sequence[Record]], Awaitable[None]]


class RecordProcessor(Protocol):
    """Does with records what there is to do."""

    async def process(self, records: Sequence[Record]) -> None:
        """Return when every record is applied or dead-lettered."""
        ...

    async def abandon(self, record: Record, error: Exception, *, attempts: int) -> None:
        """Return when ``record`` is dead-lettered without having been tried."""
        ...


class Intake:
    """Brings records to a processor, and commits exactly those that it is done with.

    Where processes ended with the same records in hand before, it takes these one by one, to find
    the one that is to blame; that one becomes a dead letter.
    """

    def __init__(
        self,
        processor: RecordProcessor,
        *,
        attempts: AttemptLog,
        commit: Commit,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._processor = processor
        self._attempts = attempts
        self._commit = commit
        self._sleep = sleep
        self.failing = False

    async def take(self, records: Sequence[Record]) -> None:
        """Return when all is done for ``records`` and they are committed."""
        one_by_one = await self._repeat(lambda: self._attempts.begin(records))
        if one_by_one:
            for record in records:
                await self._take_one(record)
        else:
            await self._repeat(lambda: self._processor.process(records))
            await self._finish(records)

    async def _take_one(self, record: Record) -> None:
        crashes = await self._repeat(lambda: self._attempts.take(record))
        if crashes is None:
            await self._repeat(lambda: self._processor.process([record]))
        else:
            error = CrashedError(f"{crashes} processes ended while they handled this record")
            await self._repeat(lambda: self._processor.abandon(record, error, attempts=crashes))
        await self._finish([record])

    async def _finish(self, records: Sequence[Record]) -> None:
        await self._commit(records)
        self._attempts.finished()

    async def _repeat(self, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat what fails unexpectedly: going on would commit past it, and so lose it."""
        attempt = 1
        while True:
            try:
                result = await work()
            except Exception:
                logger.exception("a batch failed unexpectedly", extra={"attempt": attempt})
                self.failing = True
                await self._sleep(PROBING.delay(attempt=attempt).total_seconds())
                attempt += 1
            else:
                self.failing = False
                return result
