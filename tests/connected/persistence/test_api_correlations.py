# SPDX-License-Identifier: Apache-2.0
"""Correlations and figures over HTTP."""

from typing import Any

import pytest

from shared.errors import PermanentError
from shared.events import Event, MessageReceived, SessionCreated
from shared.ids import new_id
from tests.support.conversations import Recorder, conversation
from tests.support.event_streams import delivery
from tests.support.history import TestHistory, moved

pytestmark = pytest.mark.connected


def message(recorder: Recorder, **fields: Any) -> Event:
    return recorder.add(
        MessageReceived, message_content="hi", message_length=2, correlation_id="c", **fields
    )


async def test_the_events_of_a_correlation_below_their_causes(history: TestHistory) -> None:
    one, other = Recorder("one"), Recorder("other")
    root = message(one)
    child = message(one, cause=root)
    far = message(other, cause=child)
    sibling = message(one, cause=root)
    await history.take(*one.events, *other.events, *conversation())

    tree = await history.get("/v1/correlations/c")

    assert [(each["event_id"], each["depth"]) for each in tree["events"]] == [
        (str(root.event_id), 0),
        (str(child.event_id), 1),
        (str(far.event_id), 2),
        (str(sibling.event_id), 1),
    ]
    problems = ("orphans", "cycles", "gaps", "duplicates", "conflicts")
    assert [tree[name] for name in problems] == [[]] * 5
    assert tree["truncated"] is False


async def test_orphans_and_circles_are_named(history: TestHistory) -> None:
    recorder = Recorder("one")
    orphan = message(recorder, causation_id=new_id())
    first = message(recorder, causation_id=new_id())
    second = message(recorder, cause=first)
    recorder.events[1] = first.model_copy(update={"causation_id": second.event_id})
    beside = message(recorder, cause=second)
    await history.take(*recorder.events)

    tree = await history.get("/v1/correlations/c")

    assert tree["orphans"] == [str(orphan.event_id)]
    assert [set(cycle) for cycle in tree["cycles"]] == [{str(first.event_id), str(second.event_id)}]
    assert len(tree["events"]) == 4
    assert str(beside.event_id) not in tree["cycles"][0]


async def test_a_cause_in_another_correlation_makes_no_orphan(history: TestHistory) -> None:
    recorder = Recorder("one")
    before = recorder.add(SessionCreated, correlation_id="earlier")
    message(recorder, cause=before)
    await history.take(*recorder.events)

    tree = await history.get("/v1/correlations/c")

    assert tree["orphans"] == []
    assert [each["orphan"] for each in tree["events"]] == [False]


async def test_gaps_duplicates_and_conflicts_are_named(history: TestHistory) -> None:
    recorder = Recorder("one")
    for _ in range(5):
        message(recorder)
    events = recorder.events
    await history.take(*events[:2], events[4])
    await history.subscriber.apply([moved(delivery(events[0]), offset=77)])
    usurper = events[1].model_copy(update={"event_id": new_id()})
    with pytest.raises(PermanentError):
        await history.take(usurper)

    tree = await history.get("/v1/correlations/c")

    assert tree["gaps"] == [{"aggregate_id": "one", "gaps": [{"first": 3, "last": 4}]}]
    [duplicate] = tree["duplicates"]
    assert (duplicate["event_id"], duplicate["sequence"]) == (str(events[0].event_id), 1)
    assert "@77" in duplicate["detail"]
    [conflict] = tree["conflicts"]
    assert (conflict["kind"], conflict["event_id"]) == ("place_taken", str(usurper.event_id))

    await history.take(*events[2:4])

    assert (await history.get("/v1/correlations/c"))["gaps"] == []


async def test_a_long_correlation_is_cut_and_says_so(history: TestHistory) -> None:
    recorder = Recorder("one")
    for _ in range(4):
        message(recorder)
    await history.take(*recorder.events)

    tree = await history.get("/v1/correlations/c", limit=3)

    assert (len(tree["events"]), tree["truncated"]) == (3, True)


async def test_a_correlation_that_is_not_known(history: TestHistory) -> None:
    problem = await history.get("/v1/correlations/nothing", 404)

    assert problem["title"] == "Unknown correlation"


async def test_counts(history: TestHistory) -> None:
    events, late = conversation("one"), conversation("two")
    await history.take(*events)
    await history.take(late[0], late[2], late[4])
    await history.subscriber.apply([moved(delivery(events[0]), offset=77)])

    counts = await history.get("/v1/counts")

    assert counts["events"] == len(events) + 3 == sum(counts["events_by_type"].values())
    assert counts["events_by_type"]["agentruntime.domain.session_created.v1"] == 2
    assert counts["events_by_level"]["domain"] == sum(
        number for name, number in counts["events_by_type"].items() if ".domain." in name
    )
    assert (counts["sessions"], counts["sessions_by_state"]) == (2, {"active": 2})
    assert (counts["streams"], counts["open_gaps"]) == (2, 1)
    assert (counts["missing_events"], counts["waiting_events"]) == (2, 2)
    assert (counts["duplicates"], counts["conflicts"]) == (1, 0)
    assert counts["messages"] == 3


async def test_counts_of_nothing(history: TestHistory) -> None:
    counts = await history.get("/v1/counts")

    assert {value for value in counts.values() if not isinstance(value, dict)} == {0}
