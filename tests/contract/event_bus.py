# SPDX-License-Identifier: Apache-2.0
"""What every event bus promises; each implementation inherits these tests."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import pytest

from shared.correlation import EventCorrelation
from shared.errors import DependencyDownError, PermanentError, TransientError
from shared.events import (
    AgentSwitchedEvent,
    Event,
    EventCategory,
    EventLevel,
    EventType,
    MessageAddedEvent,
    MessageReceived,
    SessionCreated,
    TaskCompleted,
)
from shared.messaging import Delivery, EventBus, headers as names
from shared.messaging.bus import CallNext, Handler, Middleware
from shared.messaging.headers import readable
from shared.retry import EventHandlerWithRetry, RetryPolicy
from tests.support.eventually import eventually
from tests.support.factories import an_event, of_a_later_release

QUICK = RetryPolicy(initial_delay=timedelta(milliseconds=1), max_attempts=3)
"""Three attempts, as fast as they go."""


class Letter(Protocol):
    """A dead letter as it was written."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class BusUnderTest(ABC):
    """A bus, and what a test has to see of it."""

    bus: EventBus

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[EventBus]:
        """Give the bus, started and ready to deliver; stop it afterwards."""
        await self.bus.start()
        try:
            await self.ready()
            yield self.bus
        finally:
            await self.bus.stop()

    async def ready(self) -> None:
        """Return when what is published from now on is delivered."""
        return

    @abstractmethod
    def paused(self) -> bool:
        """Tell whether the bus waits for a server."""

    @abstractmethod
    async def dead_letters(self) -> Sequence[Letter]:
        """Return the dead letters so far."""


class Recorder:
    """A handler that notes what it gets, and fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self._failures = list(failures)

    async def __call__(self, event: Event) -> None:
        self.calls += 1
        if self._failures:
            raise self._failures.pop(0)
        self.events.append(event)

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.events]


class RecordingSink:
    """A sink that notes what it gets, and refuses every batch with a bad message in it."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        if any(b"bad" in (each.record.value or b"") for each in deliveries):
            raise PermanentError("a bad message")
        self.deliveries.extend(deliveries)

    @property
    def texts(self) -> list[str]:
        """The texts of the messages, in the order of their arrival."""
        events = [each.event for each in self.deliveries]
        return [each.message_content for each in events if isinstance(each, MessageReceived)]


def message(text: str = "hello", *, session: str = "session-1") -> MessageReceived:
    return an_event(MessageReceived, session_id=session, message_content=text)


class EventBusContract(ABC):
    """The behaviour of every event bus."""

    @pytest.fixture
    @abstractmethod
    def subject(self) -> BusUnderTest: ...

    async def test_a_handler_gets_an_event_equal_to_the_one_published(
        self, subject: BusUnderTest
    ) -> None:
        handler = Recorder()
        subject.bus.subscribe(handler=handler)
        event = message().recorded(sequence=1, source="/orchestrator/sessions/session-1")

        async with subject.running() as bus:
            await bus.publish(event)
            await eventually(lambda: handler.events)

        assert handler.events == [event]

    async def test_subscribing_as_a_decorator_leaves_the_function_as_it_is(
        self, subject: BusUnderTest
    ) -> None:
        seen: list[str] = []

        @subject.bus.subscribe(MessageReceived)
        async def on_message(event: MessageReceived) -> None:
            seen.append(event.message_content)

        async with subject.running() as bus:
            await bus.publish(message("over the bus"))
            await eventually(lambda: seen)
        await on_message(message("by hand"))

        assert seen == ["over the bus", "by hand"]

    async def test_each_selector_selects_its_events_and_no_others(
        self, subject: BusUnderTest
    ) -> None:
        by_class, by_type, by_category, by_level, everything = (Recorder() for _ in range(5))
        subject.bus.subscribe(MessageReceived, by_class)
        subject.bus.subscribe(event_type=EventType.AGENT_SWITCHED, handler=by_type)
        subject.bus.subscribe(event_type=EventCategory.SESSION, handler=by_category)
        subject.bus.subscribe(event_type=EventLevel.DOMAIN, handler=by_level)
        subject.bus.subscribe(handler=everything)
        published: list[Event] = [
            an_event(SessionCreated),
            message(),
            an_event(AgentSwitchedEvent),
            an_event(MessageAddedEvent),
        ]

        async with subject.running() as bus:
            for event in published:
                await bus.publish(event)
            await eventually(lambda: len(everything.events) == len(published))

        assert [type(event) for event in by_class.events] == [MessageReceived]
        assert [type(event) for event in by_type.events] == [AgentSwitchedEvent]
        assert [type(event) for event in by_category.events] == [MessageAddedEvent]
        assert {type(event) for event in by_level.events} == {SessionCreated, MessageReceived}

    async def test_handlers_of_an_event_are_called_by_priority(self, subject: BusUnderTest) -> None:
        called: list[str] = []

        def handler(name: str) -> Handler:
            async def note(_: Event) -> None:
                called.append(name)

            return note

        subject.bus.subscribe(handler=handler("usual"))
        subject.bus.subscribe(handler=handler("last"), priority=-1)
        subject.bus.subscribe(handler=handler("first"), priority=10)

        async with subject.running() as bus:
            await bus.publish(message())
            await eventually(lambda: len(called) == 3)

        assert called == ["first", "usual", "last"]

    async def test_the_first_middleware_is_the_outermost(self, subject: BusUnderTest) -> None:
        trail: list[str] = []

        def middleware(name: str) -> Middleware:
            async def surround(event: Event, call_next: CallNext) -> None:
                trail.append(f"{name} in")
                await call_next(event)
                trail.append(f"{name} out")

            return surround

        async def handler(_: Event) -> None:
            trail.append("handler")

        subject.bus.add_middleware(middleware("outer"))
        subject.bus.add_middleware(middleware("inner"))
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message())
            await eventually(lambda: len(trail) == 5)

        assert trail == ["outer in", "inner in", "handler", "inner out", "outer out"]

    async def test_statistics_count_what_happened(self, subject: BusUnderTest) -> None:
        subject.bus.subscribe(MessageReceived, Recorder(TransientError("once")))
        subject.bus.subscribe(SessionCreated, Recorder(PermanentError("never")))

        async with subject.running() as bus:
            await bus.publish(message())
            await bus.publish(an_event(SessionCreated))
            await bus.publish(an_event(TaskCompleted))
            await eventually(lambda: bus.get_stats().consumed == 3)
            stats = bus.get_stats()

        assert (stats.published, stats.consumed) == (3, 3)
        assert (stats.handled, stats.retried, stats.dead_lettered) == (1, 1, 1)
        assert stats.subscriptions == 2
        assert stats.published_by_type == {
            "agentruntime.domain.message_received.v1": 1,
            "agentruntime.domain.session_created.v1": 1,
            "agentruntime.domain.task_completed.v1": 1,
        }

    async def test_captured_are_the_events_published_while_the_context_is_open(
        self, subject: BusUnderTest
    ) -> None:
        handler = Recorder()
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message("before"))
            with bus.capture_events() as outer:
                await bus.publish(message("one"))
                with bus.capture_events() as inner:
                    await bus.publish(message("two"))
            await bus.publish(message("after"))
            await eventually(lambda: len(handler.events) == 4)

        assert outer == handler.events[1:3]
        assert inner == handler.events[2:3]

    async def test_a_sink_gets_every_event_with_its_record(self, subject: BusUnderTest) -> None:
        sink = RecordingSink()
        subject.bus.subscribe_sink(sink)

        async with subject.running() as bus:
            for text in ("one", "two", "three"):
                await bus.publish(message(text))
            await eventually(lambda: len(sink.deliveries) == 3)

        assert sink.texts == ["one", "two", "three"]
        for delivery in sink.deliveries:
            assert delivery.event is not None
            assert readable(delivery.record.headers)[names.ID] == str(delivery.event.event_id)
            assert delivery.record.key == b"session-1"

    async def test_a_bad_record_costs_a_sink_itself_and_no_other(
        self, subject: BusUnderTest
    ) -> None:
        sink = RecordingSink()
        subject.bus.subscribe_sink(sink)
        texts = [f"{'bad' if number in {7, 8, 30} else 'good'} {number}" for number in range(40)]

        async with subject.running() as bus:
            async with asyncio.TaskGroup() as publishing:
                for text in texts:
                    publishing.create_task(bus.publish(message(text)))
            await eventually(lambda: bus.get_stats().consumed == len(texts))
            letters = await subject.dead_letters()

        assert sink.texts == [text for text in texts if "good" in text]
        assert len(letters) == 3

    async def test_events_of_an_aggregate_come_in_order_and_are_numbered_without_gaps(
        self, subject: BusUnderTest
    ) -> None:
        seen: dict[str, list[int]] = {}

        @subject.bus.subscribe()
        async def note(event: Event) -> None:
            await asyncio.sleep(0)
            seen.setdefault(event.aggregate_id, []).append(event.sequence)

        sessions = [f"session-{number}" for number in range(5)]
        async with subject.running() as bus:
            async with asyncio.TaskGroup() as publishing:
                for _ in range(20):
                    for session in sessions:
                        publishing.create_task(bus.publish(message(session=session)))
            await eventually(lambda: sum(map(len, seen.values())) == 100)

        assert seen == {session: list(range(1, 21)) for session in sessions}

    async def test_a_failing_handler_is_tried_again_and_its_event_is_handled_once(
        self, subject: BusUnderTest
    ) -> None:
        handler = Recorder(TransientError("busy"), OSError("network"))
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message())
            await eventually(lambda: handler.events)
            letters = await subject.dead_letters()

        assert handler.calls == 3
        assert len(handler.events) == 1
        assert letters == []

    async def test_after_the_last_attempt_comes_a_dead_letter_and_then_the_next_event(
        self, subject: BusUnderTest
    ) -> None:
        handler = Recorder(*[TransientError("busy")] * 3)
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message("cannot be handled"))
            await bus.publish(message("can be"))
            await eventually(lambda: handler.events)
            letters = await subject.dead_letters()

        assert handler.calls == 4
        assert handler.sequences == [2]
        assert [readable(letter.headers)[names.ERROR_KIND] for letter in letters] == ["exhausted"]
        assert readable(letters[0].headers)[names.DELIVERY_COUNT] == "3"
        assert b"cannot be handled" in (letters[0].value or b"")

    @pytest.mark.parametrize("error", [PermanentError("no"), ValueError("no"), KeyError("no")])
    async def test_what_repeating_cannot_mend_is_a_dead_letter_at_once(
        self, subject: BusUnderTest, error: Exception
    ) -> None:
        handler = Recorder(error)
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message())
            await bus.publish(message())
            await eventually(lambda: handler.events)
            letters = await subject.dead_letters()

        assert handler.calls == 2
        assert [readable(letter.headers)[names.ERROR_KIND] for letter in letters] == ["fatal"]

    async def test_while_a_server_is_down_the_bus_waits_and_never_makes_a_dead_letter(
        self, subject: BusUnderTest
    ) -> None:
        handled, refused, server_is_up = Recorder(), 0, False

        @subject.bus.subscribe()
        async def handler(event: Event) -> None:
            nonlocal refused
            if not server_is_up:
                refused += 1
                raise DependencyDownError("PostgreSQL", "refused")
            await handled(event)

        async with subject.running() as bus:
            publishing = asyncio.create_task(bus.publish(message()))
            await eventually(subject.paused)
            await eventually(lambda: refused > QUICK.max_attempts, timeout=30)
            server_is_up = True
            await eventually(lambda: handled.events, timeout=30)
            await publishing
            letters = await subject.dead_letters()

        assert handled.sequences == [1]
        assert not subject.paused()
        assert letters == []

    async def test_a_handler_that_retries_by_itself_is_not_retried_twice(
        self, subject: BusUnderTest
    ) -> None:
        attempts: list[Event] = []

        @subject.bus.subscribe(event_type=EventType.AGENT_SWITCHED)
        @EventHandlerWithRetry(max_retries=2, retry_delay=0.001)
        async def handle(event: AgentSwitchedEvent) -> None:
            attempts.append(event)
            raise TransientError("busy")

        async with subject.running() as bus:
            await bus.publish(an_event(AgentSwitchedEvent))
            await eventually(lambda: bus.get_stats().dead_lettered == 1)
            letters = await subject.dead_letters()

        assert len(attempts) == 2
        assert len(letters) == 1

    async def test_a_later_version_is_a_dead_letter_only_where_its_event_is_wanted(
        self, subject: BusUnderTest
    ) -> None:
        """Safeguard: ``Subscriptions.pass_over``; without it both are dead letters."""
        handler = Recorder()
        subject.bus.subscribe(MessageReceived, handler)

        async with subject.running() as bus:
            await bus.publish(of_a_later_release(an_event(TaskCompleted)))
            await bus.publish(of_a_later_release(message("not to be read yet")))
            await bus.publish(message())
            await eventually(lambda: handler.events)
            letters = await subject.dead_letters()

        assert bus.get_stats().consumed == 3
        assert [readable(each.headers)[names.TYPE] for each in letters] == [
            "agentruntime.domain.message_received.v9"
        ]

    async def test_a_failing_handler_does_not_stop_other_aggregates(
        self, subject: BusUnderTest
    ) -> None:
        seen: list[str] = []

        @subject.bus.subscribe()
        async def handle(event: Event) -> None:
            if event.aggregate_id == "bad":
                raise TransientError("busy")
            seen.append(event.aggregate_id)

        async with subject.running() as bus:
            for session in ("bad", "good", "bad", "good"):
                await bus.publish(message(session=session))
            await eventually(lambda: bus.get_stats().dead_lettered == 2)
            await eventually(lambda: len(seen) == 2)

        assert seen == ["good", "good"]

    async def test_what_a_handler_publishes_carries_the_correlation_and_names_its_cause(
        self, subject: BusUnderTest
    ) -> None:
        inside: list[tuple[str | None, object]] = []
        replies = Recorder()
        subject.bus.subscribe(TaskCompleted, replies)

        @subject.bus.subscribe(MessageReceived)
        async def answer(event: MessageReceived) -> None:
            inside.append(
                (EventCorrelation.get_correlation_id(), EventCorrelation.get_causation_id())
            )
            await subject.bus.publish(an_event(TaskCompleted, session_id=event.session_id))

        async with subject.running() as bus:
            with EventCorrelation.scope("conversation-7"):
                question = message()
                await bus.publish(question)
            await eventually(lambda: replies.events)

        assert inside == [("conversation-7", question.event_id)]
        assert replies.events[0].correlation_id == "conversation-7"
        assert replies.events[0].causation_id == question.event_id
        assert replies.events[0].sequence == 2

    async def test_outside_of_handlers_nothing_of_the_correlation_is_left(
        self, subject: BusUnderTest
    ) -> None:
        handler = Recorder()
        subject.bus.subscribe(handler=handler)

        async with subject.running() as bus:
            await bus.publish(message())
            await eventually(lambda: handler.events)

        assert EventCorrelation.get_correlation_id() is None
        assert EventCorrelation.get_causation_id() is None
