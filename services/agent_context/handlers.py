# SPDX-License-Identifier: Apache-2.0
"""What the agent context service does with events."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from services.agent_context.arrivals import SERVICE, Arrivals, Rank, arrivals
from services.agent_context.early import Early, pack
from services.agent_context.limits import Limits
from services.agent_context.ordering import Advance, Events, advance, advance_past_lost, order_among
from services.agent_context.store import Change, ContextStore, Stored
from shared.errors import PermanentError, TransientError
from shared.events import Topics
from shared.messaging import Delivery
from shared.rebuild import LIVE
from shared.retry import Sleep

Decide = Callable[[Stored], Awaitable[Change | None]]
Keep = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Does work on the store, and fills the store before where it was wiped."""

_ROUNDS = 200
_PAUSE_SECONDS = 0.02
"""How long to stand back at most, so that writers do not run in step."""


async def trusting(work: Callable[[], Awaitable[None]]) -> None:
    """Do work on a store that somebody else looks after."""
    await work()


class AgentContextSubscriber:
    """Brings the contexts of sessions up to date; events that are of no session are passed over."""

    def __init__(
        self,
        store: ContextStore,
        limits: Limits,
        *,
        max_early: int,
        topics: Topics | None = None,
        keep: Keep = trusting,
        token: str = LIVE,
        sleep: Sleep = asyncio.sleep,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._limits = limits
        self._max_early = max_early
        self._retry_topic = (topics or Topics()).retry(SERVICE)
        self._keep = keep
        self._token = token
        self._sleep = sleep
        self._spread = spread

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Apply the events that were not applied before, each session's in order.

        Return how many came for a place that a context is already past. An event whose predecessors
        are not here yet is kept until they are. One that was given up here and discarded by an
        operator is passed over in its place.

        Raises:
            PermanentError: an event has no place in its sequence, too many wait already, or a key
                in Redis holds something else than a context.
        """
        arrived = arrivals(deliveries, retry_topic=self._retry_topic)
        past: dict[str, int] = {}
        if arrived:
            await self._keep(lambda: self._apply(arrived, past))
        return sum(past.values())

    async def skip_lost(self) -> None:
        """Let no event wait for others that the topics have forgotten."""
        await self._until_saved(await self._store.waiting_sessions(), self._past_lost)

    async def _apply(self, arrived: Mapping[str, Arrivals], past: dict[str, int]) -> None:
        async def decide(stored: Stored) -> Change | None:
            here = arrived[stored.session_id]
            past[stored.session_id] = sum(number <= stored.sequence for number in here)
            return await self._decide(stored, here)

        await self._until_saved(list(arrived), decide)

    async def _until_saved(self, session_ids: list[str], decide: Decide) -> None:
        for _ in range(_ROUNDS):
            decided = [await decide(stored) for stored in await self._store.load(session_ids)]
            changes = [change for change in decided if change]
            session_ids = await self._store.save(changes, token=self._token)
            if not session_ids:
                return
            await self._sleep(self._spread() * _PAUSE_SECONDS)
        raise TransientError(f"others write the same {len(session_ids)} contexts at the same time")

    async def _decide(self, stored: Stored, arrived: Arrivals) -> Change | None:
        new = {number: each for number, each in arrived.items() if number > stored.sequence}
        if not new:
            return None
        events = {number: each.event for number, each in new.items()}
        replacing = {number for number, each in new.items() if each.rank > Rank.USUAL}
        found = await self._advance(stored, events, replacing)
        self._check_room(stored, found)
        early = {number: pack(new[number].record) for number in found.early}
        return _change(stored, found, early, replacing)

    async def _advance(self, stored: Stored, events: Events, replacing: Collection[int]) -> Advance:
        """Apply what can be, reading the events that wait a piece at a time."""
        if order_among(events):
            waits = Early(await self._store.waiting(stored.session_id))
            return advance(stored.context(), events, waits, self._limits, replacing=replacing)
        if not stored.waiting or stored.sequence + 1 not in events:
            return advance(stored.context(), events, {}, self._limits)
        context, waited, applied = stored.context(), list[int](), 0
        first, size = context.sequence + 1, 16 + 4 * len(events)
        while True:
            piece = range(first, first + size)
            waiting = Early(await self._store.waiting_among(stored.session_id, piece))
            found = advance(context, events, waiting, self._limits, replacing=replacing)
            context = found.context or context
            waited += found.waited
            applied += found.applied
            first = piece.stop
            if context.sequence < piece.stop - 1:
                return replace(found, context=context, applied=applied, waited=waited)

    async def _past_lost(self, stored: Stored) -> Change | None:
        waiting = Early(await self._store.waiting(stored.session_id))
        found = advance_past_lost(stored.context(), waiting, self._limits)
        return _change(stored, found, {}, ()) if found.waited else None

    def _check_room(self, stored: Stored, found: Advance) -> None:
        waiting = stored.waiting - len(found.waited) + len(found.early)
        if found.early and waiting > self._max_early:
            behind = found.context.sequence if found.context else stored.sequence
            raise PermanentError(
                f"session {stored.session_id} is at {behind}, and {stored.waiting} events wait for"
                " those in between already"
            )


def _change(
    stored: Stored, found: Advance, early: Mapping[int, bytes], replacing: Collection[int]
) -> Change:
    return Change(
        base=stored,
        context=found.context,
        applied=found.applied,
        waited=found.waited,
        early=early,
        replacing=replacing,
    )
