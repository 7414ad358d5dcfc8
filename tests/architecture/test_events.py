# SPDX-License-Identifier: Apache-2.0
import inspect
from collections.abc import Iterator

import shared.events
from shared.events import BaseEvent, DomainEvent, Event, EventCategory, EventType, registry


def subclasses(event_class: type[Event]) -> Iterator[type[Event]]:
    for each in event_class.__subclasses__():
        if each.__module__.startswith("shared.events"):
            yield each
            yield from subclasses(each)


def concrete() -> set[type[Event]]:
    """Return the classes that events are instances of: the leaves of the tree."""
    domain = {each for each in subclasses(DomainEvent) if not each.__subclasses__()}
    return domain | {each for each in subclasses(BaseEvent) if hasattr(each, "event_type")}


def test_every_event_is_registered() -> None:
    assert set(registry) == concrete()


def test_every_event_is_exported() -> None:
    exported = {getattr(shared.events, name) for name in shared.events.__all__}

    assert set(registry) <= exported


def test_every_event_type_has_one_event_and_every_category_some() -> None:
    infrastructure = [each for each in registry if issubclass(each, BaseEvent)]

    assert sorted(each.event_type for each in infrastructure) == sorted(EventType)
    assert {each.category for each in infrastructure} == set(EventCategory)


def test_every_event_says_what_it_means() -> None:
    assert [each.__name__ for each in registry if not inspect.getdoc(each)] == []


def test_domain_events_are_facts_named_without_the_word_event() -> None:
    domain = [each.__name__ for each in registry if issubclass(each, DomainEvent)]

    assert [name for name in domain if name.endswith("Event")] == []
