# SPDX-License-Identifier: Apache-2.0
"""In a rolling upgrade, an old release passes over the events that it does not want anyway."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import pytest

from shared.events import (
    AgentSwitchedEvent,
    DomainEvent,
    Event,
    EventCategory,
    EventLevel,
    EventType,
    TaskCompleted,
    Topics,
)
from shared.messaging import Delivery, OutgoingRecord, Record, encode
from shared.messaging.bus import Selector
from shared.messaging.guard import Guard
from shared.messaging.observer import NullObserver
from shared.messaging.outcomes import Outcomes
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.subscriptions import Subscriptions
from tests.support.factories import an_event, of_a_later_release

TOPICS = Topics()


class Letters:
    def __init__(self) -> None:
        self.written: list[OutgoingRecord] = []

    async def write(self, record: OutgoingRecord) -> None:
        self.written.append(record)


class Sink:
    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Take whatever it is."""


async def nothing(_: Event) -> None:
    """Take whatever it is."""


class Watching(NullObserver):
    """Notes what became of each delivery."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @contextmanager
    def processing(self, deliveries: Sequence[Delivery], outcomes: Outcomes) -> Generator[None]:
        yield
        self.seen += [outcomes.of(each) for each in deliveries]


async def fate(subscriptions: Subscriptions, event: Event) -> tuple[str, int]:
    """Return what becomes of the record of an event, and how many dead letters it made."""
    letters, observer = Letters(), Watching()
    processor = BatchProcessor(
        identity=ConsumerIdentity(service="orchestrator", group="orchestrator", version=""),
        subscriptions=subscriptions,
        dead_letters=letters,
        topics=TOPICS,
        guard=Guard(),
        observer=observer,
    )
    written = encode(event.recorded(sequence=1, source="/test"), TOPICS)
    record = Record(written.topic, 0, 0, 0, written.key, written.value, written.headers)
    await processor.process([record])
    return observer.seen[0], len(letters.written)


WANTED_BY: list[Selector] = [
    None,
    EventLevel.INFRASTRUCTURE,
    EventCategory.AGENT,
    EventType.AGENT_SWITCHED,
    AgentSwitchedEvent,
    Event,
]
OF_NO_USE_TO: list[Selector] = [
    EventLevel.DOMAIN,
    EventCategory.TOOL,
    EventType.TOOL_EXECUTED,
    TaskCompleted,
]


@pytest.mark.parametrize("selector", WANTED_BY)
async def test_a_later_version_of_what_a_handler_wants_is_a_dead_letter(selector: Selector) -> None:
    """Safeguard: ``Subscriptions.pass_over`` asks the handlers; else the event would be lost."""
    subscriptions = Subscriptions()
    subscriptions.subscribe(TaskCompleted, nothing, 0)
    subscriptions.subscribe(selector, nothing, 0)

    later = of_a_later_release(an_event(AgentSwitchedEvent))

    assert await fate(subscriptions, later) == ("dead_lettered", 1)


@pytest.mark.parametrize("selector", OF_NO_USE_TO)
async def test_a_later_version_of_what_no_handler_wants_is_passed_over_and_counted_so(
    selector: Selector,
) -> None:
    subscriptions = Subscriptions()
    subscriptions.subscribe(selector, nothing, 0)

    later = of_a_later_release(an_event(AgentSwitchedEvent))

    assert await fate(subscriptions, later) == ("ignored", 0)


async def test_a_sink_wants_every_event() -> None:
    """Safeguard: ``Subscriptions.pass_over`` looks for sinks; else history would have holes."""
    subscriptions = Subscriptions()
    subscriptions.add_sink(Sink(), "dead_letter")

    later = of_a_later_release(an_event(AgentSwitchedEvent))

    assert await fate(subscriptions, later) == ("dead_lettered", 1)


async def test_a_sink_that_takes_what_holds_no_event_takes_a_later_version_too() -> None:
    subscriptions = Subscriptions()
    subscriptions.add_sink(Sink(), "deliver")

    later = of_a_later_release(an_event(AgentSwitchedEvent))

    assert await fate(subscriptions, later) == ("applied", 0)


async def test_a_type_that_is_not_known_is_a_dead_letter_as_nobody_knows_who_wants_it() -> None:
    subscriptions = Subscriptions()
    subscriptions.subscribe(TaskCompleted, nothing, 0)

    class UnheardOf(DomainEvent):
        """What only a later release knows."""

    unknown = an_event(UnheardOf)

    assert await fate(subscriptions, unknown) == ("dead_lettered", 1)
