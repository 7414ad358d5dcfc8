# SPDX-License-Identifier: Apache-2.0
"""What persistence tells of what operators had done there."""

from typing import TypeVar

from services.persistence.store.announcements import Announcing
from shared.events import Event
from shared.messaging.in_process import InProcessEventBus
from tests.support.history import TestHistory

E = TypeVar("E", bound=Event)


async def told(history: TestHistory, kind: type[E]) -> list[E]:
    """Return the events of a kind that are told and were not told before."""
    bus = InProcessEventBus()
    announcing = Announcing(history.database, bus, aggregate_id="service:persistence/1")
    with bus.capture_events() as events:
        while await announcing.advance():
            pass
    return [each for each in events if isinstance(each, kind)]
