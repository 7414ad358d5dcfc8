# SPDX-License-Identifier: Apache-2.0
"""Which events reach which ledger."""

from collections.abc import Sequence

from services.metrics.handlers import (
    DomainEventSubscriber,
    MetricsCollector,
    SessionMetricsCollector,
)
from services.metrics.ledgers import ledgers
from services.metrics.store import Fold
from shared.events import Event, MessageReceived, SessionCreated, SessionCreatedEvent
from shared.messaging import InProcessEventBus
from shared.rebuild import LIVE


class Counted:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.events: dict[str, list[str]] = {"totals": [], "sessions": [], "domain": []}

    async def add(
        self, ledger: str, events: Sequence[Event], fold: Fold, *, token: str = LIVE
    ) -> int:
        self.events[ledger] += [type(event).__name__ for event in events]
        fold(events, {})
        return len(events)


async def test_collectors_count_everything_and_the_subscriber_what_happened() -> None:
    counted = Counted()
    counting = ledgers(counted)
    bus = InProcessEventBus(service="metrics")
    bus.subscribe_sink(MetricsCollector(counting.totals))
    bus.subscribe_sink(SessionMetricsCollector(counting.sessions))
    DomainEventSubscriber(bus, counting.domain)

    await bus.publish(SessionCreated(session_id="s"))
    await bus.publish(SessionCreatedEvent(session_id="s"))
    await bus.publish(MessageReceived(session_id="s", message_content="", message_length=0))

    everything = ["SessionCreated", "SessionCreatedEvent", "MessageReceived"]
    assert counted.events == {
        "totals": everything,
        "sessions": everything,
        "domain": ["SessionCreated", "MessageReceived"],
    }
