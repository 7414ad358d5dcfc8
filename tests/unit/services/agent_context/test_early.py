# SPDX-License-Identifier: Apache-2.0
"""Events that wait."""

from hypothesis import given

from services.agent_context.early import Early, pack, unpack
from shared.events import Event
from tests.support.event_streams import delivered, histories, long_history


@given(histories(sessions=1))
def test_an_event_comes_back_as_it_was(events: list[Event]) -> None:
    for delivery in delivered(events):
        assert unpack(pack(delivery.record)) == delivery.event


def test_an_event_is_read_only_when_it_is_wanted() -> None:
    (delivery,) = delivered(long_history("s", 2)[:1])

    early = Early({1: pack(delivery.record), 2: b"not an event"})

    assert early[1] == delivery.event
    assert (list(early), len(early), 2 in early, 3 in early) == ([1, 2], 2, True, False)
