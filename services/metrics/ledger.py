# SPDX-License-Identifier: Apache-2.0
"""Counts each event once, for one purpose."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.metrics.store import Fold
from shared.events import Event
from shared.rebuild import LIVE


class Store(Protocol):
    """Where figures are kept."""

    async def add(
        self, ledger: str, events: Sequence[Event], fold: Fold, *, token: str = LIVE
    ) -> int:
        """Add what ``events`` add, as far as ``ledger`` has not counted them; return how many."""
        ...


Keep = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Does work on the store, and fills the store before where it was wiped."""


async def trusting(work: Callable[[], Awaitable[None]]) -> None:
    """Do work on a store that cannot be wiped, or that somebody else looks after."""
    await work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Counts what ``fold`` makes of events; remembers under ``name`` which it has counted.

    Events of other classes than those it ``wants`` are passed over.
    """

    name: str
    fold: Fold
    store: Store
    wants: tuple[type[Event], ...] = (Event,)
    keep: Keep = trusting

    async def count(self, events: Sequence[Event]) -> int:
        """Count the events that are new to this ledger: all of them, or none.

        Return how many of them were counted before.
        """
        known = 0

        async def add() -> None:
            nonlocal known
            known = await self._add(events, LIVE)

        await self.keep(add)
        return known

    async def recount(self, events: Sequence[Event], token: str) -> None:
        """Count them while the figures are being made again."""
        await self._add(events, token)

    async def _add(self, events: Sequence[Event], token: str) -> int:
        wanted = [event for event in events if isinstance(event, self.wants)]
        if not wanted:
            return 0
        return len(wanted) - await self.store.add(self.name, wanted, self.fold, token=token)
