# SPDX-License-Identifier: Apache-2.0
"""The processor of a consumer without a broker, whose waits take no time and are noted."""

import asyncio
from collections.abc import Awaitable, Callable

from opentelemetry.metrics import NoOpMeterProvider

from shared.events import Event, MessageReceived, Topics
from shared.messaging import OutgoingRecord, Record, encode
from shared.messaging.guard import Guard
from shared.messaging.observation import BusObservation
from shared.messaging.pause import Pause
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.subscriptions import Subscriptions
from shared.telemetry import Instruments
from shared.telemetry.cardinality import Labels
from shared.telemetry.tracing import Tracing
from tests.contract.event_bus import QUICK
from tests.support.factories import an_event

TOPICS = Topics()


class Letters:
    """A dead letter queue that refuses so many writes."""

    def __init__(self) -> None:
        self.refusals: list[Exception] = []
        self.written: list[OutgoingRecord] = []

    async def write(self, record: OutgoingRecord) -> None:
        """Write, or refuse."""
        if self.refusals:
            raise self.refusals.pop(0)
        self.written.append(record)


class Processing:
    """A processor of its own, whose waits take no time and are noted."""

    def __init__(self) -> None:
        self.instruments = Instruments(NoOpMeterProvider().get_meter("test"))
        self.slept: list[float] = []
        self.reasons: list[str | None] = []
        self.shown: list[float | None] = []
        self.letters = Letters()
        self.subscriptions = Subscriptions()
        observation = BusObservation(Tracing.off(), self.instruments, group="audit")
        self.pause = Pause(observation.waiting)
        self.processor = BatchProcessor(
            identity=ConsumerIdentity(service="audit", group="audit", version=""),
            subscriptions=self.subscriptions,
            dead_letters=self.letters,
            topics=TOPICS,
            guard=Guard(policy=QUICK, pause=self.pause, sleep=self._sleep, spread=lambda: 0),
            observer=observation,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.reasons.append(self.pause.reason)
        self.shown.append(self.paused)
        await asyncio.sleep(0)

    @property
    def paused(self) -> float | None:
        """Return what the metric says of the wait for the dead letter queue."""
        labels: Labels = {"group": "audit", "reason": TOPICS.dead_letters}
        return self.instruments.consumer_paused.value(labels)

    def handle(self, handler: Callable[[Event], Awaitable[None]]) -> None:
        """Have all events handled."""
        self.subscriptions.subscribe(None, handler, 0)


def record(session: str, sequence: int) -> Record:
    """Return a message of a session, as a consumer reads it."""
    event = an_event(MessageReceived, session_id=session)
    sent = encode(event.recorded(sequence=sequence, source="/test"), TOPICS)
    return Record(TOPICS.domain, 0, sequence, 0, sent.key, sent.value, sent.headers)
