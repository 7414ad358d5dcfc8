# SPDX-License-Identifier: Apache-2.0
"""Sessions and their parts over HTTP."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.events import (
    ApprovalDecided,
    Event,
    SessionCreated,
    ToolExecutionStartedEvent,
    TurnCancelled,
)
from tests.support.conversations import MORNING, Recorder, conversation, place_of
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected


def begun(session_id: str, minute: int, **fields: Any) -> Event:
    recorder = Recorder(session_id)
    moment = MORNING + timedelta(minutes=minute)
    return recorder.add(SessionCreated, occurred_at=moment, **fields)


def before(events: Sequence[Event], event_class: type[Event]) -> list[Event]:
    return list(events[: place_of(events, event_class) - 1])


def ids(page: dict[str, Any]) -> list[str]:
    return [each["session_id"] for each in page["items"]]


async def test_a_session_with_its_figures(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)

    found = await history.get("/v1/sessions/session-1")

    assert found == {
        "session_id": "session-1",
        "state": "active",
        "agent": "coder",
        "title": "please tidy up the notes",
        "created_by": "ada",
        "messages": 3,
        "turns": 2,
        "switches": 1,
        "errors": 1,
        "model_calls": 2,
        "failed_model_calls": 0,
        "unpriced_model_calls": 1,
        "tool_calls": 2,
        "failed_tool_calls": 1,
        "approvals": 1,
        "input_tokens": 107,
        "output_tokens": 23,
        "cached_tokens": 5,
        "cost_usd": "0.0125",
        "duration_seconds": 3.0,
        "forked_from": None,
        "forked_at_sequence": None,
        "last_sequence": len(events),
        "created_at": "2026-11-22T09:00:01Z",
        "updated_at": events[-1].occurred_at.isoformat().replace("+00:00", "Z"),
        "stored_until": len(events),
        "gaps": [],
        "discarded": [],
        "erasure": None,
        "imports": [],
        "forks": [],
    }


async def test_a_session_says_what_it_waits_for(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:4], *events[6:8], events[10])

    found = await history.get("/v1/sessions/session-1")

    assert (found["last_sequence"], found["stored_until"]) == (4, 11)
    assert found["gaps"] == [{"first": 5, "last": 6}, {"first": 9, "last": 10}]


async def test_sessions_come_page_by_page_the_newest_first(history: TestHistory) -> None:
    await history.take(*(begun(f"s{number}", minute=number // 2) for number in range(7)))

    page = await history.get("/v1/sessions", limit=3)
    pages = [ids(page)]
    while page["next"]:
        page = await history.get("/v1/sessions", limit=3, cursor=page["next"])
        pages.append(ids(page))

    assert pages == [["s6", "s5", "s4"], ["s3", "s2", "s1"], ["s0"]]


async def test_messages_in_order_page_by_page(history: TestHistory) -> None:
    await history.take(*conversation())

    first = await history.get("/v1/sessions/session-1/messages", limit=2)
    rest = await history.get("/v1/sessions/session-1/messages", cursor=first["next"])

    assert [(each["role"], each["content"]) for each in first["items"] + rest["items"]] == [
        ("user", "please tidy up the notes"),
        ("assistant", "tidied up"),
        ("user", "and now the 100% of the rest_"),
    ]
    assert rest["next"] is None
    assert first["items"][1]["agent"] == "coder"
    assert first["items"][1]["turn_id"] == "turn-1"


async def test_turns_with_their_cost_and_end(history: TestHistory) -> None:
    await history.take(*conversation())

    first, second = (await history.get("/v1/sessions/session-1/turns"))["items"]

    assert (first["status"], second["status"]) == ("completed", "failed")
    assert (first["cost_usd"], first["duration_seconds"], first["tool_calls"]) == ("0.0125", 1.5, 1)
    assert (first["message_id"], first["reply_id"]) == ("message-turn-1", "reply-1")
    assert (second["error_type"], second["result"]) == ("ModelError", "it gave up")
    assert second["unpriced_model_calls"] == 1
    assert first["finished_at"] < second["started_at"]


async def test_tool_calls_with_their_outcome(history: TestHistory) -> None:
    await history.take(*conversation())

    done, failed = (await history.get("/v1/sessions/session-1/tool-calls"))["items"]

    assert (done["tool"], done["status"], done["duration_seconds"]) == (
        "delete_file",
        "succeeded",
        0.25,
    )
    assert (done["effect_id"], done["approval_id"], done["result_size"]) == (
        "effect-1",
        "approval-1",
        7,
    )
    assert (failed["status"], failed["error_message"]) == ("failed", "no such file")


async def test_approvals_with_question_and_answer(history: TestHistory) -> None:
    await history.take(*conversation())

    [approval] = (await history.get("/v1/sessions/session-1/approvals"))["items"]

    assert approval["status"] == "edited"
    assert approval["arguments"] == {"path": "notes.txt"}
    assert approval["decided_arguments"] == {"path": "old.txt"}
    assert (approval["arguments_digest"], approval["decided_digest"]) == ("d1", "d2")
    assert (approval["decided_by"], approval["wait_seconds"]) == ("ada", 60.5)


async def test_a_call_that_was_rejected_was_never_made(history: TestHistory) -> None:
    events = before(conversation(), ToolExecutionStartedEvent)
    await history.take(
        *(
            event.model_copy(update={"decision": "rejected"})
            if isinstance(event, ApprovalDecided)
            else event
            for event in events
        )
    )

    [call] = (await history.get("/v1/sessions/session-1/tool-calls"))["items"]
    [approval] = (await history.get("/v1/sessions/session-1/approvals"))["items"]
    state = await history.get("/v1/sessions/session-1/state")

    assert (call["status"], approval["status"]) == ("rejected", "rejected")
    assert state["tool_calls"] == [call]
    assert state["approvals"] == [approval]


async def test_a_cancelled_turn_takes_its_open_questions_with_it(history: TestHistory) -> None:
    recorder = Recorder("session-1")
    recorder.events = before(conversation(), ApprovalDecided)
    recorder.add(TurnCancelled, turn_id="turn-1", cancelled_by="ada")
    await history.take(*recorder.events)

    [turn] = (await history.get("/v1/sessions/session-1/turns"))["items"]
    [call] = (await history.get("/v1/sessions/session-1/tool-calls"))["items"]
    [approval] = (await history.get("/v1/sessions/session-1/approvals"))["items"]
    state = await history.get("/v1/sessions/session-1/state")

    assert {turn["status"], call["status"], approval["status"]} == {"cancelled"}
    assert (state["turns"], state["tool_calls"], state["approvals"]) == ([turn], [call], [approval])


PARTS = ("", "/messages", "/turns", "/tool-calls", "/approvals", "/events", "/timeline", "/state")


@pytest.mark.parametrize("part", PARTS)
async def test_a_session_that_is_not_known(history: TestHistory, part: str) -> None:
    problem = await history.get(f"/v1/sessions/nobody{part}", 404)

    assert problem["title"] == "Unknown session"
    assert "'nobody'" in problem["detail"]


async def test_a_session_whose_beginning_is_missing(history: TestHistory) -> None:
    await history.take(*conversation()[1:])

    for part in ("", "/state"):
        problem = await history.get(f"/v1/sessions/session-1{part}", 404)
        assert "event 1 is missing" in problem["detail"]
    assert (await history.get("/v1/sessions/session-1/messages"))["items"] == []
    assert (await history.get("/v1/sessions"))["items"] == []


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/v1/sessions", {"limit": 0}),
        ("/v1/sessions", {"limit": 501}),
        ("/v1/sessions", {"limit": "many"}),
        ("/v1/sessions", {"cursor": "nonsense"}),
        ("/v1/sessions", {"cursor": "é"}),
        ("/v1/sessions", {"q": ""}),
        ("/v1/sessions", {"q": "a\0"}),
        ("/v1/sessions", {"agent": "a" * 201}),
        ("/v1/sessions/a%00b", {}),
        (f"/v1/sessions/{'s' * 201}", {}),
        ("/v1/sessions/session-1/messages", {"cursor": "bm8"}),
        ("/v1/sessions/session-1/events", {"from_sequence": 0}),
        ("/v1/sessions/session-1/events", {"from_sequence": 2**63}),
        ("/v1/sessions/session-1/state", {"at": "0"}),
        ("/v1/sessions/session-1/state", {"at": "-3"}),
        ("/v1/sessions/session-1/state", {"at": str(2**63)}),
        ("/v1/sessions/session-1/state", {"at": "yesterday"}),
        ("/v1/sessions/session-1/state", {"at": "2026-11-22T09:00:00"}),
        ("/v1/correlations/c", {"limit": 5001}),
    ],
)
async def test_what_cannot_be_asked(
    history: TestHistory, path: str, parameters: dict[str, Any]
) -> None:
    await history.take(*conversation())

    problem = await history.get(path, 422, **parameters)

    assert problem["title"] == "Invalid request"
    assert problem["detail"]
