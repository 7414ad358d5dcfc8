# SPDX-License-Identifier: Apache-2.0
"""Counts attempts so that a restart does not begin anew: of failing records, and of deadly ones."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from shared.errors import AgentRuntimeError, TransientError
from shared.messaging.in_hand import InHand, InHandStore, Place, attempt_key
from shared.messaging.records import Record

SUSPICIOUS = 2
"""After so many consumers ended with the same records in hand, these are taken one by one."""

MAX_KEPT = 200
"""How many failing records of a partition are remembered; more than that fail at once."""

LETTING_GO = timedelta(seconds=2)
"""How long an orderly stop tries to note that it was no crash."""

Wait = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Runs work when its server is there, however long that takes."""


class CrashedError(TransientError):
    """Processes of this service ended again and again while they had this one record in hand."""


class AttemptCounter(Protocol):
    """Knows how often records were tried, also by processes that are gone."""

    def made(self, record: Record, step: int) -> int:
        """Return how many attempts at ``record`` failed so far, by one sink or handler."""
        ...

    async def failed(self, record: Record, step: int, attempts: int) -> None:
        """Note that ``attempts`` at ``record`` have failed and that another one follows."""
        ...


class NoAttempts:
    """Knows of no attempts but those of this process."""

    def made(self, record: Record, step: int) -> int:
        """Return 0."""
        return 0

    async def failed(self, record: Record, step: int, attempts: int) -> None:
        """Do nothing."""


class AttemptLog:
    """Knows how often the records in hand were tried, by this process and by those before it.

    Only the first batch of a partition costs a write, and each failure that is tried again. A
    process that ends in the middle of its first batch leaves a mark; one that lets go of it in
    order, because it is stopped or the partition goes to another member, takes the mark back.
    While the store is down nothing is marked, and what waits for it is never blamed.
    """

    def __init__(self, store: InHandStore, *, wait: Wait, max_crashes: int) -> None:
        self._store = store
        self._wait = wait
        self._max_crashes = max_crashes
        self._known: dict[Place, InHand] = {}
        self._before: dict[Place, InHand] = {}
        self._saving = asyncio.Lock()

    async def begin(self, records: Sequence[Record]) -> bool:
        """Note that ``records`` are in hand; return whether to take them one by one instead."""
        first = first_of_each(records)
        fresh = [place for place in first if place not in self._known]
        if fresh:
            self._known |= await self._wait(lambda: self._store.load(fresh))
        for place, record in first.items():
            entry = self._known.get(place)
            known = entry is not None and entry.position <= record.offset
            self._known[place] = entry.moved(record.offset) if entry and known else _new(record)
        suspected = any(_is_suspected(self._known[place]) for place in fresh)
        if suspected or (fresh and len(records) == 1):
            return True
        await self._mark(fresh, alone=False)
        return False

    async def take(self, record: Record) -> int | None:
        """Note that ``record`` alone is in hand; return how often that was deadly if too often."""
        place = (record.topic, record.partition)
        entry = self._known.get(place, _new(record)).moved(record.offset)
        self._known[place] = entry
        if entry.alone >= self._max_crashes:
            return entry.alone
        await self._mark([place], alone=True)
        return None

    def finished(self) -> None:
        """Note that nothing is in hand any more; what was marked is told by the offsets."""
        self._before.clear()

    def made(self, record: Record, step: int) -> int:
        """Return how many attempts at ``record`` failed so far, by one sink or handler."""
        entry = self._known.get((record.topic, record.partition))
        return entry.failed.get(attempt_key(record.offset, step), 0) if entry else 0

    async def failed(self, record: Record, step: int, attempts: int) -> None:
        """Note that ``attempts`` at ``record`` have failed and that another one follows."""
        place = (record.topic, record.partition)
        entry = self._known.get(place)
        key = attempt_key(record.offset, step)
        if entry is None or (key not in entry.failed and len(entry.failed) >= MAX_KEPT):
            return
        self._known[place] = replace(entry, failed={**entry.failed, key: attempts})
        with suppress(TransientError):
            await self._save([place])

    async def let_go(self, places: Collection[Place] | None = None) -> None:
        """Take back the marks of ``places``, or of all: what ends now does not crash."""
        back = [each for each in self._before if places is None or each in places]
        for place in back:
            before = self._before.pop(place)
            self._known[place] = replace(self._known[place], begun=before.begun, alone=before.alone)
        if back:
            with suppress(AgentRuntimeError, TimeoutError):
                async with asyncio.timeout(LETTING_GO.total_seconds()):
                    await self._save(back)
        for place in places or ():
            self._known.pop(place, None)

    async def _mark(self, places: Collection[Place], *, alone: bool) -> None:
        for place in places:
            self._before[place] = self._known[place]
            self._known[place] = self._known[place].taken(alone=alone)
        if places:
            await self._wait(lambda: self._save(places))

    async def _save(self, places: Collection[Place]) -> None:
        async with self._saving:
            await self._store.save(
                {place: self._known[place] for place in places if place in self._known}
            )


def first_of_each(records: Sequence[Record]) -> dict[Place, Record]:
    """Return the first record of each partition."""
    return {(record.topic, record.partition): record for record in reversed(records)}


def _is_suspected(entry: InHand) -> bool:
    return entry.begun >= SUSPICIOUS or entry.alone > 0


def _new(record: Record) -> InHand:
    return InHand(position=record.offset)
