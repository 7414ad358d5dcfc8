# SPDX-License-Identifier: Apache-2.0
"""What the metrics service does with events."""

from collections.abc import Sequence

from services.metrics.gathering import Gathering
from services.metrics.ledger import Ledger
from services.metrics.session_lifecycle import COUNTED
from shared.events import DomainEvent, Event
from shared.messaging import Delivery, EventBus


class MetricsCollector:
    """Counts every event once: how many of each type, and how agents, tools and models did."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Count the events that were not counted before: all of them, or none.

        Return how many were.
        """
        return await self._ledger.count(events_of(deliveries))


class SessionMetricsCollector:
    """Counts every event of a session once, in the figures of that session.

    It does not say which were counted before: ``MetricsCollector`` has said so of the same events.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Count the events that were not counted before: all of them, or none."""
        await self._ledger.count(events_of(deliveries))


class DomainEventSubscriber:
    """Counts what happens to sessions: begun, ended, messages, turns."""

    def __init__(self, event_bus: EventBus, ledger: Ledger) -> None:
        self._gathering = Gathering(ledger)
        self._set_up_subscriptions(event_bus)

    def _set_up_subscriptions(self, event_bus: EventBus) -> None:
        for event_class in COUNTED:
            event_bus.subscribe(event_class, handler=self._on_domain_event)

    async def _on_domain_event(self, event: DomainEvent) -> None:
        await self._gathering.count(event)


def events_of(deliveries: Sequence[Delivery]) -> list[Event]:
    """Return the events that were delivered."""
    return [delivery.event for delivery in deliveries if delivery.event]
