# SPDX-License-Identifier: Apache-2.0
"""A service that fails at everything stops; a bad record, or poison from elsewhere, stops none."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import PermanentError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import Delivery, OutgoingRecord, Record, encode
from shared.messaging.brake import Brake
from shared.messaging.failure_limit import FailureLimit
from shared.messaging.guard import Guard
from shared.messaging.halt import Halt
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.subscriptions import Subscriptions
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event

TOPICS = Topics()


class Letters:
    def __init__(self) -> None:
        self.written: list[OutgoingRecord] = []

    async def write(self, record: OutgoingRecord) -> None:
        self.written.append(record)


class Processing:
    """A processor with a limit of three failures in a row."""

    def __init__(self) -> None:
        self.halts = 0
        self.halt = Halt(on_halt=self._halted)
        self.letters = Letters()
        self.subscriptions = Subscriptions()
        self.processor = BatchProcessor(
            identity=ConsumerIdentity(service="audit", group="audit", version=""),
            subscriptions=self.subscriptions,
            dead_letters=self.letters,
            topics=TOPICS,
            guard=Guard(policy=QUICK),
            brake=Brake(
                limit=FailureLimit(in_a_row=3, share=1, window=100),
                halt=self.halt,
                retry_topic=TOPICS.retry("audit"),
            ),
        )

    def _halted(self) -> None:
        self.halts += 1

    async def finishes(self, records: Sequence[Record]) -> bool:
        """Process ``records``; return False if the consumer stops instead."""
        task = asyncio.create_task(self.processor.process(records))
        await eventually(lambda: task.done() or self.halt.reason)
        done = task.done()
        task.cancel()
        await asyncio.wait([task])
        return done


@pytest.fixture
def processing() -> Processing:
    return Processing()


def records(count: int, *, topic: str = TOPICS.domain, value: bytes | None = None) -> list[Record]:
    return [a_record(offset, topic, value) for offset in range(count)]


def a_record(offset: int, topic: str, value: bytes | None) -> Record:
    event = an_event(MessageReceived, session_id=f"session-{offset % 4}")
    sent = encode(event.recorded(sequence=offset + 1, source="/test"), TOPICS)
    return Record(
        topic, 0, offset, 0, sent.key, sent.value if value is None else value, sent.headers
    )


async def fail(_: Event) -> None:
    raise PermanentError("a bad release")


class FailingSink:
    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        raise PermanentError(f"a bad release, {len(deliveries)} records")


async def test_handlers_that_fail_at_everything_stop_the_consumer(processing: Processing) -> None:
    """Safeguard: the brake before the dead letter is written."""
    processing.subscriptions.subscribe(None, fail, 0)

    finished = await processing.finishes(records(10))

    assert not finished
    assert len(processing.letters.written) == 2
    assert processing.halts == 1
    assert "3 records in a row failed" in str(processing.halt.reason)
    assert "a bad release" in str(processing.halt.reason)
    assert "restart" in str(processing.halt.reason)


async def test_sinks_that_fail_at_everything_stop_the_consumer(processing: Processing) -> None:
    processing.subscriptions.add_sink(FailingSink(), "dead_letter")

    finished = await processing.finishes(records(10))

    assert not finished
    assert len(processing.letters.written) == 2


async def test_a_stopped_consumer_takes_nothing_more(processing: Processing) -> None:
    processing.subscriptions.subscribe(None, fail, 0)
    await processing.finishes(records(10))

    again = asyncio.create_task(processing.processor.process(records(1)))
    finished, _ = await asyncio.wait([again], timeout=0.05)
    again.cancel()
    await asyncio.wait([again])

    assert not finished
    assert len(processing.letters.written) == 2
    assert processing.halts == 1


async def test_a_few_bad_records_among_good_ones_stop_nothing(processing: Processing) -> None:
    async def fail_at_some(event: Event) -> None:
        if event.sequence % 3 == 0:
            raise PermanentError("a bad record")

    processing.subscriptions.subscribe(None, fail_at_some, 0)
    finished = all([await processing.finishes([each]) for each in records(60)])

    assert finished
    assert len(processing.letters.written) == 20


async def test_poison_from_whoever_writes_to_the_topic_stops_nothing(
    processing: Processing,
) -> None:
    """Safeguard: undecodable records do not count, or any producer could stop every reader."""
    processing.subscriptions.subscribe(None, fail, 0)

    finished = await processing.finishes(records(50, value=b"{not json"))

    assert finished
    assert len(processing.letters.written) == 50


async def test_what_is_redriven_and_fails_again_stops_nothing(processing: Processing) -> None:
    """Safeguard: records of the retry topic do not count."""
    processing.subscriptions.subscribe(None, fail, 0)

    finished = await processing.finishes(records(20, topic=TOPICS.retry("audit")))

    assert finished
    assert len(processing.letters.written) == 20
