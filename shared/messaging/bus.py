# SPDX-License-Identifier: Apache-2.0
"""The bus that every service publishes to and subscribes on."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, overload

from shared.events import Event, EventCategory, EventLevel, EventType
from shared.messaging.sink import Sink, Undecodable

Selector = type[Event] | EventType | EventCategory | EventLevel | None
"""Which events: of a class, a type, a category, a level, or (None) all."""

Handler = Callable[[Any], Awaitable[Any]]
HandlerT = TypeVar("HandlerT", bound=Handler)
CallNext = Callable[[Event], Awaitable[None]]
Middleware = Callable[[Event, CallNext], Awaitable[None]]
"""Surrounds the handlers of an event: do something, await ``call_next(event)``, do something."""


@dataclass(kw_only=True, slots=True)
class BusStats:
    """What a bus did since it was made."""

    published: int = 0
    consumed: int = 0
    handled: int = 0
    retried: int = 0
    dead_lettered: int = 0
    subscriptions: int = 0
    published_by_type: dict[str, int] = field(default_factory=dict[str, int])


class EventBus(Protocol):
    """Brings events to whoever subscribed to them.

    Each subscriber gets the events of one aggregate in the order they were published. A handler
    that fails is retried as the policy says; what cannot be handled becomes a dead letter, and
    never stops the events behind it.
    """

    async def publish(self, event: Event) -> None:
        """Return when the event is safe with the bus.

        Raises:
            DependencyDownError: the bus cannot be reached; the event was not published.
        """
        ...

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
        ...

    def subscribe_sink(self, sink: Sink, *, undecodable: Undecodable = "dead_letter") -> None:
        """Have ``sink`` apply all events, in batches."""
        ...

    def add_middleware(self, middleware: Middleware) -> None:
        """Surround every handler with ``middleware``; the first added is the outermost."""
        ...

    def get_stats(self) -> BusStats:
        """Return what this bus did so far."""
        ...

    def capture_events(self) -> AbstractContextManager[list[Event]]:
        """Collect what is published while the context is open, without changing where it goes."""
        ...

    async def start(self) -> None:
        """Begin to deliver."""
        ...

    async def stop(self) -> None:
        """Finish what is being handled, then deliver no more."""
        ...
