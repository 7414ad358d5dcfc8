# SPDX-License-Identifier: Apache-2.0
"""The bus over Kafka."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from shared.errors import DependencyDownError, PermanentError
from shared.events import Event, Topics
from shared.health import Readiness
from shared.ids import new_id
from shared.messaging.attempts import AttemptLog
from shared.messaging.brake import Brake
from shared.messaging.codec import encode
from shared.messaging.failure_limit import FailureLimit
from shared.messaging.guard import Guard
from shared.messaging.halt import Halt
from shared.messaging.in_hand import ForgetfulStore, InHandStore
from shared.messaging.kafka_client import NAME
from shared.messaging.numbering import Numbering
from shared.messaging.observer import NullObserver, Observer
from shared.messaging.pause import Pause
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.producer import KafkaProducer
from shared.messaging.records import OutgoingRecord
from shared.messaging.resolutions import Resolutions
from shared.messaging.subscriber import RecordSubscriber
from shared.messaging.subscriptions import Subscribable
from shared.messaging.topics_admin import check_topics
from shared.retry import RetryPolicy
from shared.settings import DeliverySettings, KafkaSettings


class KafkaEventBus(Subscribable):
    """An event bus over Kafka: at least once, in order for each aggregate, nothing dropped.

    The service is one consumer group; more processes of it share the partitions. It reads both
    levels and its own retry topic, unless told which topics to read. A process that subscribes
    nothing only publishes. Attempts are counted over restarts where there is a store ``in_hand``.
    """

    name = NAME

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        service: str,
        version: str,
        instance: str | None = None,
        topics: Sequence[str] | None = None,
        retry: RetryPolicy | None = None,
        delivery: DeliverySettings | None = None,
        in_hand: InHandStore | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__()
        self.topics = Topics(settings.topic_prefix)
        self._observer = observer or NullObserver()
        self.pause = Pause(self._observer.waiting)
        self.halt = Halt(on_halt=self._observer.halted)
        self.producer = KafkaProducer(settings, client_id=f"agent-runtime.{service}")
        self._settings = settings
        self._numbering = Numbering(service)
        self._lanes: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._read = list(
            topics or (self.topics.domain, self.topics.infrastructure, self.topics.retry(service))
        )
        identity = ConsumerIdentity(
            service=service, group=f"{settings.topic_prefix}.{service}", version=version
        )
        delivery = delivery or DeliverySettings()
        guard = Guard(policy=retry or RetryPolicy(), pause=self.pause, on_retry=self._retried)
        attempts = AttemptLog(
            in_hand or ForgetfulStore(),
            wait=guard.until_available,
            max_crashes=delivery.max_crashes,
        )
        processor = BatchProcessor(
            identity=identity,
            subscriptions=self._subscriptions,
            dead_letters=self.producer,
            topics=self.topics,
            guard=guard,
            attempts=attempts,
            observer=self._observer,
            brake=Brake(
                limit=failure_limit(delivery),
                halt=self.halt,
                retry_topic=self.topics.retry(service),
            ),
            max_record_bytes=settings.max_record_bytes,
            on_handled=Resolutions(
                service=service,
                aggregate_id=f"service:{service}/{instance or new_id()}",
                retry_topic=self.topics.retry(service),
                publish=self.publish,
            ).tell,
        )
        self.subscriber = RecordSubscriber(
            settings,
            group=identity.group,
            topics=self._read,
            processor=processor,
            attempts=attempts,
            observer=self._observer,
        )

    def _retried(self, error: Exception) -> None:
        if isinstance(error, DependencyDownError):
            self._observer.retried("dependency_down")
            return
        self._subscriptions.retried(error)
        self._observer.retried("transient")

    @property
    def _consumes(self) -> bool:
        return bool(self._subscriptions.handlers or self._subscriptions.sinks)

    async def publish(self, event: Event) -> None:
        """Return when all replicas have the event.

        Raises:
            DependencyDownError: the broker did not confirm; the event may or may not be there. If
                it has no number of its own, it is written again before the next one of its
                aggregate.
            PermanentError: the event is too large.
        """
        if event.sequence:
            await self._send(event)
            return
        async with self._lanes[event.aggregate_id]:
            self._numbering.number(event)
            for waiting in self._numbering.waiting(event.aggregate_id):
                await self._send_numbered(waiting)

    async def _send_numbered(self, event: Event) -> None:
        try:
            await self._send(event)
        except PermanentError:
            self._numbering.confirmed(event)
            raise
        self._numbering.confirmed(event)

    async def _send(self, event: Event) -> None:
        record = encode(event, self.topics)
        with self._observer.sending(record, event) as headers:
            await self.producer.write(
                OutgoingRecord(record.topic, record.key, record.value, headers)
            )
        self._subscriptions.published(event)

    async def start(self) -> None:
        """Connect, check that the topics are there, and begin to read.

        Raises:
            DependencyDownError: no broker answers.
            ConfigurationError: a topic is missing.
        """
        try:
            await self.producer.start()
            if self._consumes:
                await check_topics(self._settings, self._read)
                await self.subscriber.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish the batch in hand and commit it, then disconnect."""
        if self._consumes:
            await self.subscriber.stop()
        await self.producer.stop()

    async def readiness(self) -> Readiness:
        """Tell whether events come through: the broker answers, and no other server is awaited."""
        if self.halt.reason:
            return Readiness(ready=False, reason=self.halt.reason)
        if self.pause.reason:
            return Readiness(ready=False, reason=f"paused: {self.pause.reason}")
        if self.subscriber.failing:
            return Readiness(ready=False, reason="a batch fails again and again; see the log")
        if self._consumes and not self.subscriber.joined:
            return Readiness(ready=False, reason="waiting to join the consumer group")
        return await self.producer.readiness()


def failure_limit(settings: DeliverySettings) -> FailureLimit:
    """Return the limit that ``settings`` describe."""
    return FailureLimit(
        in_a_row=settings.max_failed_in_a_row,
        share=settings.max_failed_share,
        window=settings.failed_share_window,
    )
