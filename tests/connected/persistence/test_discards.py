# SPDX-License-Identifier: Apache-2.0
"""A discarded dead letter leaves no session stuck: its place is passed over, and is seen to be."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.events import DeadLetterDiscarded, Event
from shared.eventstore import EventConflictError
from tests.support.conversations import MORNING, conversation
from tests.support.factories import an_event
from tests.support.history import TestHistory, folded

pytestmark = pytest.mark.connected

SESSION = "/v1/sessions/session-1"
PLACE = 5


def discard_of(event: Event, **fields: Any) -> DeadLetterDiscarded:
    values: dict[str, Any] = {
        "aggregate_id": "service:dead_letters",
        "sequence": 1,
        "service": "persistence",
        "operator": "ada",
        "reason": "it cannot be read",
        "dead_event_id": str(event.event_id),
        "dead_aggregate_id": event.aggregate_id,
        "dead_sequence": event.sequence,
        "dead_occurred_at": event.occurred_at,
        "occurred_at": MORNING + timedelta(days=1),
        "correlation_id": event.correlation_id,
        **fields,
    }
    return an_event(DeadLetterDiscarded, **values)


def without(events: Sequence[Event]) -> list[Event]:
    return [each for each in events if each.sequence != PLACE]


async def noted(history: TestHistory) -> list[tuple[str, int]]:
    return [(each["kind"], each["sequence"]) for each in await history.rows("anomalies")]


async def test_what_waited_behind_a_discarded_event_is_applied_in_order(
    history: TestHistory,
) -> None:
    """Fails without stand-ins: what came behind the gap would wait for ever."""
    events = conversation()
    await history.take(*without(events))
    assert await history.read_models() == folded(events[: PLACE - 1])

    await history.take(discard_of(events[PLACE - 1]))

    assert await history.read_models() == folded(without(events))
    found = await history.get(SESSION)
    assert (found["gaps"], found["discarded"]) == ([], [PLACE])
    assert found["last_sequence"] == len(events)


async def test_an_event_may_be_discarded_before_those_around_it_come(history: TestHistory) -> None:
    events = conversation()

    await history.take(discard_of(events[PLACE - 1]))
    await history.take(*events[PLACE:])
    await history.take(*events[: PLACE - 1])

    assert await history.read_models() == folded(without(events))


async def test_timeline_state_tree_and_figures_say_what_was_discarded(
    history: TestHistory,
) -> None:
    events = conversation()
    await history.take(*without(events), discard_of(events[PLACE - 1]))

    timeline = await history.get(f"{SESSION}/timeline")
    line = timeline["items"][PLACE - 1]
    now = await history.get(f"{SESSION}/state")
    before = await history.get(f"{SESSION}/state", at=4)
    tree = await history.get(f"/v1/correlations/{events[0].correlation_id}")
    counts = await history.get("/v1/counts")

    assert timeline["gaps"] == []
    assert (line["sequence"], line["type"]) == (PLACE, "dead_letter_discarded")
    assert line["text"] == "discarded by ada: it cannot be read"
    assert (now["sequence"], now["discarded"], before["discarded"]) == (len(events), [PLACE], [])
    assert [(each["kind"], each["sequence"]) for each in tree["discarded"]] == [
        ("discarded", PLACE)
    ]
    assert (tree["conflicts"], tree["orphans"], tree["cycles"]) == ([], [], [])
    assert (counts["discarded"], counts["conflicts"], counts["open_gaps"]) == (1, 0, 0)
    assert counts["events"] == len(events), "the place counts for nothing, its discarding for one"


async def test_the_state_at_a_time_goes_on_behind_an_event_that_was_discarded_later(
    history: TestHistory,
) -> None:
    events = conversation()
    await history.take(*without(events), discard_of(events[PLACE - 1]))

    at = events[PLACE + 1].occurred_at.isoformat()

    assert (await history.get(f"{SESSION}/state", at=at))["sequence"] == PLACE + 2


async def test_a_discarded_event_that_comes_again_is_passed_over_again(
    history: TestHistory,
) -> None:
    """Fails without the comparison with stand-ins: it would be a dead letter once more."""
    events = conversation()
    dead = events[PLACE - 1]
    await history.take(*without(events)[PLACE:])
    await history.take(discard_of(dead))
    await history.take(dead)
    await history.take(*without(events)[:PLACE], dead)
    again = folded(without(events))

    assert await history.read_models() == again
    await history.take(discard_of(dead, sequence=2), *events)
    assert await history.read_models() == again
    assert await noted(history) == [("discarded", PLACE), ("duplicate", PLACE)]


@pytest.mark.parametrize(
    "fields",
    [
        {"service": "agent_context"},
        {"dead_sequence": None},
        {"dead_aggregate_id": None},
    ],
)
async def test_only_the_service_that_gave_up_passes_over_and_only_a_place_that_is_known(
    history: TestHistory, fields: dict[str, Any]
) -> None:
    """Fails if a letter of another service were skipped here: this one has the event coming."""
    events = conversation()
    await history.take(*without(events), discard_of(events[PLACE - 1], **fields))

    assert await history.read_models() == folded(events[: PLACE - 1])
    await history.take(events[PLACE - 1])
    assert await history.read_models() == folded(events)
    assert await noted(history) == []


async def test_what_is_stored_already_is_not_taken_away_by_a_discard(history: TestHistory) -> None:
    events = conversation()
    waiting = [*events[:2], *events[3:]]
    await history.take(*waiting)

    await history.take(discard_of(events[PLACE - 1]))
    await history.take(events[2])

    assert await history.read_models() == folded(events)
    assert await noted(history) == []


async def test_another_event_for_a_discarded_place_is_a_contradiction(
    history: TestHistory,
) -> None:
    events = conversation()
    await history.take(*without(events), discard_of(events[PLACE - 1]))
    other = conversation()[PLACE - 1]

    with pytest.raises(EventConflictError):
        await history.take(other)

    assert await history.read_models() == folded(without(events))


@pytest.mark.parametrize("name", [None, "", "no-uuid"])
async def test_a_discarded_event_need_not_have_an_id(
    history: TestHistory, name: str | None
) -> None:
    events = conversation()

    await history.take(*without(events), discard_of(events[PLACE - 1], dead_event_id=name))

    assert await history.read_models() == folded(without(events))


async def test_a_discarded_event_with_the_id_of_another_leaves_that_one_alone(
    history: TestHistory,
) -> None:
    """Fails without looking for the id: the discard itself would become a dead letter."""
    events = conversation()
    await history.take(*without(events))

    await history.take(discard_of(events[PLACE - 1], dead_event_id=str(events[0].event_id)))

    assert await history.read_models() == folded(without(events))
    assert ("session-1", 1) in await history.places()
