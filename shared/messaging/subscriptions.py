# SPDX-License-Identifier: Apache-2.0
"""Who wants which events: the part that every bus has in common."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

from shared.errors import DecodingError
from shared.events import BaseEvent, Event, EventCategory, EventLevel, EventType
from shared.events.registry import FutureVersionError
from shared.messaging.bus import BusStats, CallNext, Handler, HandlerT, Middleware, Selector
from shared.messaging.sink import Sink, Undecodable


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A handler and the events it wants."""

    selector: Selector
    handler: Handler
    priority: int

    def wants(self, event_class: type[Event]) -> bool:
        """Tell whether the handler wants the events of ``event_class``, in any version."""
        match self.selector:
            case None:
                return True
            case EventLevel():
                return event_class.level is self.selector
            case EventType():
                return (
                    issubclass(event_class, BaseEvent) and event_class.event_type is self.selector
                )
            case EventCategory():
                return issubclass(event_class, BaseEvent) and event_class.category is self.selector
            case _:
                return issubclass(event_class, self.selector)


@dataclass(slots=True)
class Subscriptions:
    """The subscribers of one bus, its middleware and its statistics."""

    handlers: list[Subscription] = field(default_factory=list[Subscription])
    sinks: list[tuple[Sink, Undecodable]] = field(default_factory=list[tuple[Sink, Undecodable]])
    middleware: list[Middleware] = field(default_factory=list[Middleware])
    stats: BusStats = field(default_factory=BusStats)
    _captures: list[list[Event]] = field(default_factory=list[list[Event]])

    def subscribe(self, selector: Selector, handler: Handler | None, priority: int) -> Any:
        """Add a handler, or return the decorator that adds one."""
        if handler is None:
            return partial(self._add, selector, priority)
        return self._add(selector, priority, handler)

    def _add(self, selector: Selector, priority: int, handler: Handler) -> Handler:
        self.handlers.append(Subscription(selector=selector, handler=handler, priority=priority))
        self.handlers.sort(key=lambda subscription: -subscription.priority)
        self.stats.subscriptions += 1
        return handler

    def add_sink(self, sink: Sink, undecodable: Undecodable) -> None:
        """Add a sink."""
        self.sinks.append((sink, undecodable))
        self.stats.subscriptions += 1

    @property
    def need_events(self) -> bool:
        """Tell whether a record without an event is a dead letter, as nobody takes it."""
        return all(undecodable == "dead_letter" for _, undecodable in self.sinks)

    def pass_over(self, problem: DecodingError) -> bool:
        """Tell whether what holds no readable event is an event that nobody here wants.

        A later release writes a version that is not known yet. A sink wants every event.
        """
        return (
            isinstance(problem, FutureVersionError)
            and not self.sinks
            and not any(each.wants(problem.event_class) for each in self.handlers)
        )

    def handlers_of(self, event: Event) -> list[Handler]:
        """Return who wants ``event``, highest priority first."""
        return [each.handler for each in self.handlers if each.wants(type(event))]

    def surround(self, call: CallNext) -> CallNext:
        """Return ``call`` inside all middleware."""
        for middleware in reversed(self.middleware):
            call = partial(_call_middleware, middleware, call)
        return call

    def published(self, event: Event) -> None:
        """Note that ``event`` was published."""
        self.stats.published += 1
        by_type = self.stats.published_by_type
        by_type[event.type_name()] = by_type.get(event.type_name(), 0) + 1
        for captured in self._captures:
            captured.append(event)

    def retried(self, _: Exception) -> None:
        """Note that work is about to be repeated."""
        self.stats.retried += 1

    @contextmanager
    def capture(self) -> Generator[list[Event]]:
        """Collect the events published while the context is open."""
        captured: list[Event] = []
        self._captures.append(captured)
        try:
            yield captured
        finally:
            self._captures = [each for each in self._captures if each is not captured]


class Subscribable:
    """The half of a bus that programs subscribe on, the same for every bus."""

    def __init__(self) -> None:
        self._subscriptions = Subscriptions()

    @overload
    def subscribe(
        self, event_type: Selector = None, handler: None = None, *, priority: int = 0
    ) -> Callable[[HandlerT], HandlerT]: ...

    @overload
    def subscribe(
        self, event_type: Selector = None, *, handler: HandlerT, priority: int = 0
    ) -> HandlerT: ...

    @overload
    def subscribe(
        self, event_type: Selector, handler: HandlerT, *, priority: int = 0
    ) -> HandlerT: ...

    def subscribe(
        self, event_type: Selector = None, handler: Handler | None = None, *, priority: int = 0
    ) -> Any:
        """Have ``handler`` called with each selected event; without one, return a decorator.

        Of several handlers of one event, the one with the highest priority is called first.
        """
        return self._subscriptions.subscribe(event_type, handler, priority)

    def subscribe_sink(self, sink: Sink, *, undecodable: Undecodable = "dead_letter") -> None:
        """Have ``sink`` apply all events, in batches."""
        self._subscriptions.add_sink(sink, undecodable)

    def add_middleware(self, middleware: Middleware) -> None:
        """Surround every handler with ``middleware``; the first added is the outermost."""
        self._subscriptions.middleware.append(middleware)

    def get_stats(self) -> BusStats:
        """Return what this bus did so far."""
        return self._subscriptions.stats

    def capture_events(self) -> AbstractContextManager[list[Event]]:
        """Collect what is published while the context is open, without changing where it goes."""
        return self._subscriptions.capture()


async def _call_middleware(middleware: Middleware, call_next: CallNext, event: Event) -> None:
    await middleware(event, call_next)
