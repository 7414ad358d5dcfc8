# SPDX-License-Identifier: Apache-2.0
"""Handlers that misbehave: slow, failing now and then, or broken for some sessions."""

import asyncio
import zlib
from collections.abc import Iterable, Sequence
from functools import wraps
from itertools import count

from shared.errors import TransientError
from shared.events import Event
from shared.messaging import Delivery
from shared.messaging.bus import CallNext
from shared.messaging.sink import Sink, Undecodable
from shared.messaging.subscriptions import Subscribable
from tests.support.chaos.orders import Trouble

SLOW_SECONDS = 0.1
FAILS_EVERY = 3
BROKEN_FOR_ONE_IN = 4


def make(trouble: Trouble) -> None:
    """Have every sink and handler of this process misbehave."""
    interference = Interference(trouble)
    original_init, original_sink = Subscribable.__init__, Subscribable.subscribe_sink

    @wraps(original_init)
    def init(self: Subscribable) -> None:
        original_init(self)
        self.add_middleware(interference.around)

    @wraps(original_sink)
    def subscribe_sink(
        self: Subscribable, sink: Sink, *, undecodable: Undecodable = "dead_letter"
    ) -> None:
        original_sink(self, TroubledSink(sink, interference), undecodable=undecodable)

    setattr(Subscribable, "__init__", init)  # noqa: B010 -- mypy allows no assignment to a method
    setattr(Subscribable, "subscribe_sink", subscribe_sink)  # noqa: B010 -- as above


class Interference:
    """What comes before the work itself."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._calls = count(1)

    async def before(self, aggregates: Iterable[str]) -> None:
        """Wait, or raise, or do nothing."""
        match self._trouble:
            case Trouble.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            case Trouble.FAILING:
                if next(self._calls) % FAILS_EVERY == 0:
                    raise TransientError("it fails now and then")
            case Trouble.BROKEN:
                if any(map(is_broken_for, aggregates)):
                    raise ValueError("this release has a bug")

    async def around(self, event: Event, call_next: CallNext) -> None:
        """Be a middleware of handlers."""
        await self.before([event.aggregate_id])
        await call_next(event)


class TroubledSink:
    """A sink with something in its way."""

    def __init__(self, sink: Sink, interference: Interference) -> None:
        self._sink = sink
        self._interference = interference

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Apply the deliveries, unless something comes in between."""
        await self._interference.before(
            [each.event.aggregate_id for each in deliveries if each.event]
        )
        await self._sink.apply(deliveries)


def is_broken_for(aggregate_id: str) -> bool:
    """Tell whether the bug is about this session."""
    return zlib.crc32(aggregate_id.encode()) % BROKEN_FOR_ONE_IN == 0
