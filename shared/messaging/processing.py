# SPDX-License-Identifier: Apache-2.0
"""What becomes of a batch: every record of it is applied or dead-lettered, whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from shared.clock import Clock, SystemClock
from shared.correlation import EventCorrelation
from shared.errors import DecodingError, DependencyDownError, PermanentError, RecordTooLargeError
from shared.events import Event, Topics
from shared.messaging.attempts import AttemptCounter, NoAttempts
from shared.messaging.brake import FailureBrake, NoBrake
from shared.messaging.bus import Handler
from shared.messaging.claim_check import smaller_letters
from shared.messaging.codec import MAX_RECORD_BYTES, correlation_of, deliver
from shared.messaging.dead_letters import Failure, RecordWriter, dead_letter
from shared.messaging.guard import GivenUpError, Guard
from shared.messaging.observer import NullObserver, Observer
from shared.messaging.outcomes import Outcomes
from shared.messaging.records import Delivery, OutgoingRecord, Record
from shared.messaging.resolutions import tell_nobody
from shared.messaging.sink import Sink
from shared.messaging.subscriptions import Subscriptions
from shared.retry import EventHandlerWithRetry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerIdentity:
    """Who consumes: it is written on every dead letter."""

    service: str
    group: str
    version: str


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
    attempts: AttemptCounter = field(default_factory=NoAttempts)
    clock: Clock = field(default_factory=SystemClock)
    max_record_bytes: int = MAX_RECORD_BYTES
    on_handled: Callable[[Sequence[Delivery]], Awaitable[None]] = tell_nobody
    """Told of what is no dead letter, before its offsets are committed."""

    async def process(self, records: Sequence[Record]) -> None:
        """Return when nothing is left to do for any of ``records``."""
        deliveries = [deliver(record, max_bytes=self.max_record_bytes) for record in records]
        outcomes = Outcomes()
        with self.observer.processing(deliveries, outcomes):
            if self.subscriptions.need_events:
                await self._dead_letter_undecodable(deliveries, outcomes)
            for step, (sink, _) in enumerate(self.subscriptions.sinks):
                left = outcomes.without_dead_letters(deliveries)
                await self._apply(sink, step, left, outcomes)
            await self._handle(deliveries, outcomes)
            handled = outcomes.without_dead_letters(deliveries)
            await self.guard.until_available(lambda: self.on_handled(handled))
        self.subscriptions.stats.consumed += len(records)

    async def _dead_letter_undecodable(
        self, deliveries: list[Delivery], outcomes: Outcomes
    ) -> None:
        for delivery in deliveries:
            if delivery.problem is None:
                continue
            if self.subscriptions.pass_over(delivery.problem):
                outcomes.ignored.add(id(delivery))
            else:
                await self._give_up(delivery, GivenUpError(delivery.problem, 1), outcomes)

    async def abandon(self, record: Record, error: Exception, *, attempts: int) -> None:
        """Return when ``record`` is dead-lettered without having been tried."""
        delivery, outcomes = deliver(record, max_bytes=self.max_record_bytes), Outcomes()
        with self.observer.processing([delivery], outcomes):
            await self._give_up(delivery, GivenUpError(error, attempts), outcomes)
        self.subscriptions.stats.consumed += 1

    async def _apply(
        self, sink: Sink, step: int, deliveries: list[Delivery], outcomes: Outcomes
    ) -> None:
        if len(deliveries) <= 1:
            for delivery in deliveries:
                await self._apply_one(sink, step, delivery, outcomes)
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
            await self._apply(sink, step, deliveries[:middle], outcomes)
            await self._apply(sink, step, deliveries[middle:], outcomes)
        else:
            self._applied(len(deliveries), dropped)

    def _applied(self, records: int, dropped: int | None) -> None:
        self.brake.applied(records)
        if dropped:
            self.observer.duplicates_dropped(dropped)

    async def _apply_one(
        self, sink: Sink, step: int, delivery: Delivery, outcomes: Outcomes
    ) -> None:
        try:
            with EventCorrelation.scope(correlation_of(delivery)):
                dropped = await self.guard.run(
                    lambda: sink.apply([delivery]),
                    made=self.attempts.made(delivery.record, step),
                    on_failure=partial(self.attempts.failed, delivery.record, step),
                )
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
                for step, handler in enumerate(handlers, len(self.subscriptions.sinks)):
                    await self._call(handler, step, event, delivery.record)
            except GivenUpError as given_up:
                await self._give_up(delivery, given_up, outcomes)
            else:
                self.brake.applied()
                self.subscriptions.stats.handled += 1

    async def _call(self, handler: Handler, step: int, event: Event, record: Record) -> None:
        decorated = handler if isinstance(handler, EventHandlerWithRetry) else None
        call = self.subscriptions.surround(decorated.attempt if decorated else handler)
        try:
            await self.guard.run(
                partial(call, event),
                policy=decorated.policy if decorated else None,
                made=self.attempts.made(record, step),
                on_failure=partial(self.attempts.failed, record, step),
            )
        except GivenUpError as given_up:
            if decorated:
                await decorated.gave_up(event, given_up.error)
            raise

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
        await self._write(delivery.record, letter)
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

    async def _write(self, record: Record, letter: OutgoingRecord) -> None:
        """Write a dead letter, or as much of it as there is room for."""
        *larger, smallest = (letter, *smaller_letters(record, letter))
        for each in larger:
            try:
                await self.guard.until_available(partial(self._write_once, each))
            except RecordTooLargeError as error:
                logger.warning(
                    "dead letter too large", extra={"record": str(record), "error": str(error)}
                )
            else:
                return
        await self.guard.until_available(partial(self._write_once, smallest, waits=True))

    async def _write_once(self, letter: OutgoingRecord, *, waits: bool = False) -> None:
        """Write a dead letter; where its topic is down or refuses it, say that this is awaited.

        Going on would lose the record, and only a person can make the topic take it. What is too
        large is tried smaller, and waits only where it can be no smaller.
        """
        try:
            await self.dead_letters.write(letter)
        except (DependencyDownError, PermanentError) as error:
            if isinstance(error, RecordTooLargeError) and not waits:
                raise
            state = "takes no dead letter"
            raise DependencyDownError(letter.topic, str(error), state=state) from error
