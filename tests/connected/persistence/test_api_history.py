# SPDX-License-Identifier: Apache-2.0
"""Events, timeline and state over HTTP."""

from datetime import timedelta

import pytest

from services.persistence.projections import Rows, project
from services.persistence.projections.sessions import SESSIONS
from shared.events import (
    ApprovalDecided,
    ApprovalRequested,
    AssistantReplied,
)
from tests.support.conversations import MORNING, conversation, place_of
from tests.support.event_streams import delivered, long_history
from tests.support.history import TestHistory, moved

pytestmark = pytest.mark.connected

SESSION = "/v1/sessions/session-1"


async def test_events_with_record_and_headers(history: TestHistory) -> None:
    events = conversation()
    deliveries = delivered(events)
    deliveries[0] = moved(deliveries[0], partition=5, timestamp=1_800_000_000_000)
    await history.subscriber.apply(deliveries)

    first = (await history.get(f"{SESSION}/events", limit=1))["items"][0]

    assert first["event_id"] == str(events[0].event_id)
    assert first["type"] == "agentruntime.domain.session_created.v1"
    assert first["data"]["created_by"] == "ada"
    assert first["problem"] is None
    assert first["kafka"] == {
        "topic": "agent-runtime.domain",
        "partition": 5,
        "offset": 1,
        "timestamp": "2027-01-15T08:00:00Z",
    }
    headers = {each["name"]: each["value"] for each in first["headers"]}
    assert headers["ce_id"] == str(events[0].event_id)


async def test_headers_that_are_no_text_are_shown_as_they_are(history: TestHistory) -> None:
    [delivery] = delivered(conversation()[:1])
    odd = (*delivery.record.headers, ("x-blob", b"\xff"), ("x-null", None))
    await history.subscriber.apply([moved(delivery, headers=odd)])

    [event] = (await history.get(f"{SESSION}/events"))["items"]

    assert event["headers"][-2:] == [
        {"name": "x-blob", "value": None, "base64": "/w=="},
        {"name": "x-null", "value": None, "base64": None},
    ]


async def test_events_page_by_page_also_behind_a_gap(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:3], *events[5:])

    sequences: list[int] = []
    following: int | None = 1
    while following is not None:
        page = await history.get(f"{SESSION}/events", from_sequence=following, limit=4)
        sequences += [each["sequence"] for each in page["items"]]
        following = page["next_sequence"]

    assert sequences == [1, 2, 3, *range(6, len(events) + 1)]


async def test_the_timeline_is_indented_by_cause(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)

    lines = (await history.get(f"{SESSION}/timeline"))["items"]

    shown = {each["type"]: each for each in reversed(lines)}
    assert [each["sequence"] for each in lines] == list(range(1, len(events) + 1))
    assert [(each["level"], each["depth"]) for each in lines[:2]] == [
        ("domain", 0),
        ("infrastructure", 1),
    ]
    assert [
        shown[name]["depth"]
        for name in ("message_received", "llm_request_started", "llm_request_completed")
    ] == [0, 1, 2]
    assert shown["tool_executed"]["depth"] == 5
    assert shown["tool_executed"]["duration_seconds"] == 0.25
    assert shown["tool_execution_failed"]["error"] is True
    assert shown["tool_execution_failed"]["text"] == "read_file: ToolError: no such file"
    assert shown["message_received"]["text"] == "please tidy up the notes"
    assert shown["message_received"]["error"] is False


async def test_a_page_of_the_timeline_knows_the_causes_before_it(history: TestHistory) -> None:
    await history.take(*conversation())

    whole = (await history.get(f"{SESSION}/timeline"))["items"]
    second = await history.get(f"{SESSION}/timeline", from_sequence=12, limit=6)

    assert second["items"] == whole[11:17]
    assert second["next_sequence"] == 18


async def test_the_timeline_names_what_is_missing(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:3], *events[6:])

    found = await history.get(f"{SESSION}/timeline", limit=2)

    assert found["gaps"] == [{"first": 4, "last": 6}]


async def test_the_state_now_is_what_the_read_models_say(history: TestHistory) -> None:
    await history.take(*conversation())

    state = await history.get(f"{SESSION}/state")
    parts = {
        name: (await history.get(f"{SESSION}/{name.replace('_', '-')}"))["items"]
        for name in ("messages", "turns", "tool_calls", "approvals")
    }
    session = await history.get(SESSION)

    assert state["messages"] == parts["messages"]
    assert state["turns"] == parts["turns"][-1:]
    assert state["tool_calls"] == parts["tool_calls"][-1:]
    assert state["approvals"] == []
    beside = {"stored_until", "gaps", "discarded", "erasure", "imports", "forks"}
    assert state["session"] == {
        name: value for name, value in session.items() if name not in beside
    }


async def test_the_state_at_an_event(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    asked = place_of(events, ApprovalRequested)

    waiting = await history.get(f"{SESSION}/state", at=asked)
    decided = await history.get(f"{SESSION}/state", at=place_of(events, ApprovalDecided))

    assert (waiting["sequence"], waiting["session"]["last_sequence"]) == (asked, asked)
    assert waiting["turns"][0]["status"] == "waiting"
    assert waiting["approvals"][0]["status"] == "pending"
    assert waiting["tool_calls"][0]["status"] == "waiting"
    assert [each["content"] for each in waiting["messages"]] == ["please tidy up the notes"]
    assert decided["approvals"][0]["status"] == "edited"
    assert decided["turns"][0]["status"] == "running"


async def test_the_state_at_a_moment(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    replied = place_of(events, AssistantReplied)
    moment = MORNING + timedelta(seconds=replied, milliseconds=500)

    for written in (moment.isoformat(), moment.strftime("%Y-%m-%dT%H:%M:%S.5Z")):
        state = await history.get(f"{SESSION}/state", at=written)
        assert state["sequence"] == replied


async def test_the_state_of_every_point_is_the_fold_up_to_it(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    rows = Rows()

    for event in events:
        project(event, rows)
        state = await history.get(f"{SESSION}/state", at=event.sequence)
        [session] = rows.of(SESSIONS).values()
        assert state["session"]["messages"] == session.get("messages", 0)
        assert state["session"]["agent"] == session["agent"]
        assert state["session"]["input_tokens"] == session.get("input_tokens", 0)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("99", "not up to 99"),
        ("2026-11-22T09:00:00Z", "began after"),
    ],
)
async def test_there_is_no_state_where_there_was_no_session(
    history: TestHistory, at: str, reason: str
) -> None:
    await history.take(*conversation())

    problem = await history.get(f"{SESSION}/state", 404, at=at)

    assert reason in problem["detail"]


async def test_the_state_ends_before_a_gap(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:6], *events[7:])

    state = await history.get(f"{SESSION}/state")
    problem = await history.get(f"{SESSION}/state", 404, at=8)

    assert state["sequence"] == 6
    assert "without a gap up to event 6" in problem["detail"]


async def test_the_state_does_not_grow_with_the_history(history: TestHistory) -> None:
    events = long_history("long", 1_500)
    await history.take(*events)

    state = await history.get("/v1/sessions/long/state")

    assert state["sequence"] == 1_500
    assert len(state["messages"]) == 20
    assert all(
        each["status"] not in {"completed", "failed", "cancelled"} for each in state["turns"][:-1]
    )


async def test_what_this_program_cannot_read_is_shown_with_its_problem(
    history: TestHistory,
) -> None:
    [delivery] = delivered(conversation()[:1])
    future = tuple(
        (name, b"agentruntime.domain.session_created.v9" if name == "ce_type" else value)
        for name, value in delivery.record.headers
    )
    await history.subscriber.apply([moved(delivery, headers=future)])

    [event] = (await history.get(f"{SESSION}/events"))["items"]
    [line] = (await history.get(f"{SESSION}/timeline"))["items"]

    assert event["data"] is None
    assert "newer than version 1" in event["problem"]
    assert (line["error"], "newer than version 1" in line["text"]) == (True, True)
