# SPDX-License-Identifier: Apache-2.0
"""The bus inside one process: for tests, and for programs that need no broker."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

from shared.clock import Clock, SystemClock
from shared.errors import DependencyDownError
from shared.events import Event, Topics
from shared.messaging.codec import encode
from shared.messaging.guard import Guard
from shared.messaging.numbering import Numbering
from shared.messaging.pause import Pause
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.records import OutgoingRecord, Record
from shared.messaging.subscriptions import Subscribable
from shared.retry import RetryPolicy, Sleep

Deliveries = list[asyncio.Task[None]]

_following: ContextVar[Deliveries | None] = ContextVar("following", default=None)
"""What is delivered as a consequence of the event being handled; None outside any handler."""


class InProcessEventBus(Subscribable):
    """An event bus whose ``publish`` returns when every subscriber has had the event.

    What handlers publish is delivered after the event they handle, and before the ``publish`` that
    started it all returns; a handler does not wait for the events that it publishes. Events go
    through the same bytes, retries and dead letters as on Kafka; the dead letters are in
    ``dead_letters``.
    """

    def __init__(
        self,
        *,
        service: str = "in-process",
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__()
        self.dead_letters: list[OutgoingRecord] = []
        self.pause = Pause()
        self._topics = Topics()
        self._clock = clock or SystemClock()
        self._numbering = Numbering(service)
        self._last: dict[str, asyncio.Task[None]] = {}
        self._offset = 0
        self._processor = BatchProcessor(
            identity=ConsumerIdentity(service=service, group=service, version=""),
            subscriptions=self._subscriptions,
            dead_letters=_Letters(self.dead_letters.append),
            topics=self._topics,
            guard=Guard(
                policy=retry or RetryPolicy(),
                pause=self.pause,
                sleep=sleep,
                on_retry=self._retried,
            ),
        )

    def _retried(self, error: Exception) -> None:
        if not isinstance(error, DependencyDownError):
            self._subscriptions.retried(error)

    async def publish(self, event: Event) -> None:
        """Return when every subscriber has handled the event or given up on it."""
        following = _following.get()
        if following is not None:
            following.append(self._deliver(event))
            return
        deliveries: Deliveries = []
        token = _following.set(deliveries)
        try:
            deliveries.append(self._deliver(event))
        finally:
            _following.reset(token)
        while deliveries:
            await deliveries.pop(0)

    def _deliver(self, event: Event) -> asyncio.Task[None]:
        """Begin to deliver ``event`` after the one before it of its aggregate."""
        numbered = self._numbering.number(event)
        self._numbering.confirmed(numbered)
        self._subscriptions.published(numbered)
        before = self._last.get(event.aggregate_id)
        task = asyncio.create_task(self._process(encode(numbered, self._topics), before))
        self._last[event.aggregate_id] = task
        task.add_done_callback(lambda done: self._forget(event.aggregate_id, done))
        return task

    async def _process(self, record: OutgoingRecord, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait([before])
        await self._processor.process([self._record(record)])

    def _forget(self, aggregate_id: str, done: asyncio.Task[None]) -> None:
        if self._last.get(aggregate_id) is done:
            del self._last[aggregate_id]

    def _record(self, outgoing: OutgoingRecord) -> Record:
        self._offset += 1
        return Record(
            topic=outgoing.topic,
            partition=0,
            offset=self._offset,
            timestamp=int(self._clock.now().timestamp() * 1000),
            key=outgoing.key,
            value=outgoing.value,
            headers=outgoing.headers,
        )

    async def start(self) -> None:
        """Return at once: there is nothing to start."""

    async def stop(self) -> None:
        """Return at once: publishing already waited for every handler."""


class _Letters:
    def __init__(self, add: Callable[[OutgoingRecord], None]) -> None:
        self._add = add

    async def write(self, record: OutgoingRecord) -> None:
        self._add(record)
