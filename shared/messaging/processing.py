# SPDX-License-Identifier: Apache-2.0
"""What becomes of a batch: every record of it is applied or dead-lettered, whatever happens."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from shared.clock import Clock, SystemClock
from shared.correlation import EventCorrelation
from shared.errors import DecodingError, DependencyDownError, PermanentError
from shared.events import Topics
from shared.messaging.codec import MAX_RECORD_BYTES, correlation_of, deliver
from shared.messaging.dead_letters import Failure, RecordWriter, dead_letter
from shared.messaging.guard import GivenUpError, Guard
from shared.messaging.observer import NullObserver, Observer
from shared.messaging.outcomes import Outcomes
from shared.messaging.records import Delivery, OutgoingRecord, Record
from shared.messaging.sink import Sink
from shared.messaging.subscriptions import Subscriptions
from shared.retry import EventHandlerWithRetry, RetryPolicy

logger = logging.getLogger(__name__)

ONCE = RetryPolicy(max_attempts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerIdentity:
    """Who consumes: it is written on every dead letter."""

    service: str
    group: str
    version: str


class FailureBrake(Protocol):
    """Knows when a service has failed at too much to go on."""

    def applied(self, records: int = 1) -> None:
        """Note that records had their effect."""
        ...

    async def failed(self, record: Record, error: Exception) -> None:
        """Note that the service gives up on ``record``; never return if that is one too many."""
        ...


class NoBrake:
    """Lets a service fail at everything."""

    def applied(self, records: int = 1) -> None:
        """Do nothing."""

    async def failed(self, record: Record, error: Exception) -> None:
        """Return at once."""


@dataclass(slots=True, kw_only=True)
class BatchProcessor:
    """Brings records to the sinks and handlers of a service.

    Sinks get the whole batch in one call; if that fails, in halves, down to the record that is to
    blame. Handlers run for each aggregate in order, and for different aggregates at the same time.
    ``process`` returns when every record is applied or its dead letter is confirmed, so that the
    offsets can be committed.
    """

    identity: ConsumerIdentity
    subscriptions: Subscriptions
    dead_letters: RecordWriter
    topics: Topics
    guard: Guard
    observer: Observer = field(default_factory=NullObserver)
    brake: FailureBrake = field(default_factory=NoBrake)
    clock: Clock = field(default_factory=SystemClock)
    max_record_bytes: int = MAX_RECORD_BYTES

    async def process(self, records: Sequence[Record]) -> None:
        """Return when nothing is left to do for any of ``records``."""
        deliveries = [deliver(record, max_bytes=self.max_record_bytes) for record in records]
        outcomes = Outcomes()
        with self.observer.processing(deliveries, outcomes):
            if self.subscriptions.need_events:
                await self._dead_letter_undecodable(deliveries, outcomes)
            for sink, _ in self.subscriptions.sinks:
                await self._apply(sink, outcomes.without_dead_letters(deliveries), outcomes)
            await self._handle(deliveries, outcomes)
        self.subscriptions.stats.consumed += len(records)

    async def _dead_letter_undecodable(
        self, deliveries: list[Delivery], outcomes: Outcomes
    ) -> None:
        for delivery in deliveries:
            if delivery.problem:
                await self._give_up(delivery, GivenUpError(delivery.problem, 1), outcomes)

    async def _apply(self, sink: Sink, deliveries: list[Delivery], outcomes: Outcomes) -> None:
        if len(deliveries) <= 1:
            for delivery in deliveries:
                await self._apply_one(sink, delivery, outcomes)
            return
        try:
            dropped = await self.guard.until_available(lambda: sink.apply(deliveries))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the halves find the culprit
            self.observer.retried("batch_fallback")
            logger.warning(
                "batch failed, going on in halves",
                extra={"records": len(deliveries), "error": str(error)},
            )
            middle = len(deliveries) // 2
            await self._apply(sink, deliveries[:middle], outcomes)
            await self._apply(sink, deliveries[middle:], outcomes)
        else:
            self._applied(len(deliveries), dropped)

    def _applied(self, records: int, dropped: int | None) -> None:
        self.brake.applied(records)
        if dropped:
            self.observer.duplicates_dropped(dropped)

    async def _apply_one(self, sink: Sink, delivery: Delivery, outcomes: Outcomes) -> None:
        try:
            with EventCorrelation.scope(correlation_of(delivery)):
                dropped = await self.guard.run(lambda: sink.apply([delivery]))
        except GivenUpError as given_up:
            await self._give_up(delivery, given_up, outcomes)
        else:
            self._applied(1, dropped)

    async def _handle(self, deliveries: list[Delivery], outcomes: Outcomes) -> None:
        if not self.subscriptions.handlers:
            return
        lanes: dict[bytes | None, list[Delivery]] = {}
        for delivery in outcomes.without_dead_letters(deliveries):
            lanes.setdefault(delivery.record.key, []).append(delivery)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._run_lane(lane, outcomes))

    async def _run_lane(self, lane: list[Delivery], outcomes: Outcomes) -> None:
        for delivery in lane:
            await self._call_handlers(delivery, outcomes)

    async def _call_handlers(self, delivery: Delivery, outcomes: Outcomes) -> None:
        event = delivery.event
        handlers = self.subscriptions.handlers_of(event) if event else []
        if event is None or not handlers:
            if not self.subscriptions.sinks:
                outcomes.ignored.add(id(delivery))
            return
        with (
            EventCorrelation.scope(event.correlation_id, causation_id=event.event_id),
            self.observer.handling(delivery),
        ):
            try:
                for handler in handlers:
                    policy = ONCE if isinstance(handler, EventHandlerWithRetry) else None
                    call = self.subscriptions.surround(handler)
                    await self.guard.run(partial(call, event), policy=policy)
            except GivenUpError as given_up:
                await self._give_up(delivery, given_up, outcomes)
            else:
                self.brake.applied()
                self.subscriptions.stats.handled += 1

    async def _give_up(
        self, delivery: Delivery, given_up: GivenUpError, outcomes: Outcomes
    ) -> None:
        failure = Failure(
            service=self.identity.service,
            group=self.identity.group,
            service_version=self.identity.version,
            error=given_up.error,
            attempts=given_up.attempts,
            failed_at=self.clock.now(),
        )
        if not isinstance(given_up.error, DecodingError):
            await self.brake.failed(delivery.record, given_up.error)
        letter = dead_letter(
            delivery.record,
            failure,
            topic=self.topics.dead_letters,
            redriven=delivery.record.topic == self.topics.retry(self.identity.service),
        )
        await self.guard.until_available(lambda: self._write(letter))
        outcomes.dead_lettered.add(id(delivery))
        self.subscriptions.stats.dead_lettered += 1
        self.observer.dead_lettered(delivery, given_up.error, kind=failure.kind)
        logger.error(
            "dead-lettered",
            extra={
                "record": str(delivery.record),
                "kind": failure.kind,
                "error": failure.error,
                "attempts": given_up.attempts,
            },
        )

    async def _write(self, letter: OutgoingRecord) -> None:
        """Write a dead letter; where it is refused, wait as if its topic were down.

        Going on would lose the record, and only a person can make the topic take it.
        """
        try:
            await self.dead_letters.write(letter)
        except PermanentError as error:
            state = "takes no dead letter"
            raise DependencyDownError(letter.topic, str(error), state=state) from error
