# SPDX-License-Identifier: Apache-2.0
"""Reads raw records from Kafka through FastStream, and commits only what was processed.

FastStream subscribes in batch mode with manual acknowledgement and our own parser and decoder, so
that no header and no value can make it drop a record. Offsets are committed for exactly the
records of the batch, after ``process`` has returned.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage, KafkaMessage
from faststream.message import StreamMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.messaging.attempts import AttemptLog
from shared.messaging.intake import Intake, RecordProcessor
from shared.messaging.kafka_client import connection_arguments, kafka_errors
from shared.messaging.leaving import leave_only_when_formed
from shared.messaging.membership import Membership, commit_only_as
from shared.messaging.observer import Observer
from shared.messaging.records import Record
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

POLL_MS = 10
"""How long to wait for records before looking whether to stop, in milliseconds."""

FINISH_SECONDS = 6.0
"""How long a stop waits for the batch in hand; it comes again if that is not enough."""

GiveBack = Callable[[Collection[TopicPartition]], Awaitable[None]]

NEVER_MS = 2**31 - 1
"""A handler may wait for a database as long as it takes; heartbeats go on meanwhile."""


class RecordSubscriber:
    """Brings batches of raw records of some topics to a processor, as a member of a group."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        group: str,
        topics: Sequence[str],
        processor: RecordProcessor,
        attempts: AttemptLog,
        observer: Observer,
    ) -> None:
        self._settings = settings
        self._attempts = attempts
        self._intake = Intake(processor, attempts=attempts, commit=self._commit)
        self._observer = observer
        self._joined = asyncio.Event()
        self._member: Membership | None = None
        self._read_as: Membership | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.broker = KafkaBroker(
            settings.bootstrap_servers.split(","),
            client_id=group,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=FINISH_SECONDS,
            security=security(settings),
            logger=_framework_logger(),
        )
        self._subscriber = self.broker.subscriber(
            *topics,
            group_id=group,
            batch=True,
            batch_timeout_ms=POLL_MS,
            max_records=settings.batch_max_records,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=int(settings.fetch_max_wait.total_seconds() * 1000),
            session_timeout_ms=int(settings.session_timeout.total_seconds() * 1000),
            heartbeat_interval_ms=int(settings.session_timeout.total_seconds() * 1000 / 3),
            max_poll_interval_ms=NEVER_MS,
            parser=self._parse,
            decoder=_decode,
            listener=_RebalanceListener(self._take_over, self._give_back, observer),
        )
        self._subscriber(self._handle)

    async def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            DependencyDownError: no broker answers.
        """
        async with kafka_errors(self._settings):
            await self.broker.start()
        commit_only_as(self.consumer, lambda: self._reader)
        if not self._settings.leave_forming_groups:
            leave_only_when_formed(self.consumer)

    async def stop(self) -> None:
        """Finish the batch in hand, commit it, and leave the group."""
        await self._attempts.let_go()
        await self.broker.stop()

    @property
    def consumer(self) -> Any:
        """Return the consumer of the client library; None before the start."""
        return self._subscriber.consumer

    async def _parse(self, batch: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
        return KafkaAckableMessage(body=b"", raw_message=batch, headers={}, consumer=self.consumer)

    async def _handle(self, records: list[Record]) -> None:
        self._idle.clear()
        self._read_as = self._member
        self._report_received(records)
        try:
            await self._intake.take(records)
        finally:
            self._idle.set()

    @property
    def _reader(self) -> Membership | None:
        """As which member the batch in hand was read, while the consumer is that one."""
        return self._read_as if self._read_as is self._member else None

    def _take_over(self) -> None:
        self._member = Membership(self.consumer)
        self._joined.set()

    async def _give_back(self, revoked: Collection[TopicPartition]) -> None:
        self._joined.clear()
        await self._until_idle()
        self._member = None
        await self._attempts.let_go({(each.topic, each.partition) for each in revoked})

    async def _until_idle(self) -> None:
        """Return when the batch in hand is committed, so that it comes to nobody again.

        The others of the group wait meanwhile, but not for a batch that takes long.
        """
        patience = min(FINISH_SECONDS, self._settings.session_timeout.total_seconds() / 2)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()

    async def _commit(self, records: Sequence[Record]) -> None:
        """Commit what is still ours; what went to another member comes to that one again."""
        ours = self.consumer.assignment()
        offsets = {
            each: last.offset + 1 for each, last in _last_of_each(records).items() if each in ours
        }
        try:
            if offsets:
                with self._observer.committing(records):
                    await self.consumer.commit(offsets)
        except KafkaError as error:
            self._observer.commit_failed(error)
            logger.warning("offsets not committed, the records come again", exc_info=error)
        else:
            for partition, last in _last_of_each(records).items():
                self._report_lag(partition, last, position=last.offset + 1)

    def _report_received(self, records: list[Record]) -> None:
        for partition, first in _last_of_each(reversed(records)).items():
            self._report_lag(partition, first, position=first.offset)

    def _report_lag(self, partition: TopicPartition, record: Record, *, position: int) -> None:
        """Report that everything before ``position`` is finished, and nothing after it."""
        if partition not in self.consumer.assignment():
            return
        end = self.consumer.highwater(partition)
        if end is not None:
            left = max(0, end - position)
            since = record.timestamp if left else None
            self._observer.lag(record.topic, record.partition, records=left, waits_since=since)

    @property
    def failing(self) -> bool:
        """Tell whether a batch fails again and again in a way that nobody has thought of."""
        return self._intake.failing

    @property
    def joined(self) -> bool:
        """Tell whether the group has given this member its share, which may be no partition."""
        return self._joined.is_set()


def _framework_logger() -> logging.Logger:
    """Return the logger of FastStream, which warns of settings that we chose on purpose."""
    framework = logging.getLogger(f"{__name__}.faststream")
    framework.setLevel(logging.ERROR)
    return framework


class _RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]  # it has no types
    """Tells when the group has assigned partitions to this member; gives them back in order."""

    def __init__(
        self, take_over: Callable[[], None], give_back: GiveBack, observer: Observer
    ) -> None:
        self._take_over = take_over
        self._give_back = give_back
        self._observer = observer

    async def on_partitions_revoked(  # pyright: ignore -- the client awaits it
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        await self._give_back(set(revoked))
        for each in revoked:
            self._observer.released(each.topic, each.partition)

    async def on_partitions_assigned(  # pyright: ignore -- the client awaits it
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        self._observer.assigned(len(list(assigned)))
        self._take_over()


def _last_of_each(records: Iterable[Record]) -> dict[TopicPartition, Record]:
    """Return the last record of each partition, in whatever order ``records`` are."""
    return {TopicPartition(record.topic, record.partition): record for record in records}


async def _decode(message: StreamMessage[Any]) -> list[Record]:
    return [Record.of(record) for record in message.raw_message]


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """Return the settings in FastStream's words, or None for a plain connection."""
    arguments = connection_arguments(settings)
    context = arguments.get("ssl_context")
    if "sasl_mechanism" not in arguments:
        return BaseSecurity(ssl_context=context) if context else None
    mechanisms = {
        "PLAIN": SASLPlaintext,
        "SCRAM-SHA-256": SASLScram256,
        "SCRAM-SHA-512": SASLScram512,
    }
    return mechanisms[settings.sasl_mechanism](
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
        ssl_context=context,
        use_ssl=context is not None,
    )
