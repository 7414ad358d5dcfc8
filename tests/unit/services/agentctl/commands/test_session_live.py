# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions send --wait`` and ``watch``: a session while it goes on."""

import json
import time
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

SESSION = "GET /orchestrator/v1/sessions/s"
SEND = "POST /orchestrator/v1/sessions/s/messages"
EVENTS = f"{SESSION}/events"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on_at_once(_seconds: float) -> None:
        """Return without a pause."""

    monkeypatch.setattr(time, "sleep", go_on_at_once)


def turn(state: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"id": "t", "number": 1, "state": state, "reply": None, "error": None, **fields}


def event(sequence: int, type_: str, *, level: str = "infrastructure", **data: Any) -> str:
    document = {
        "type": f"agentruntime.{level}.{type_}.v1",
        "sequence": f"{sequence:020}",
        "time": "2026-03-01T12:00:01.500Z",
        "data": {"session_id": "s", **data},
    }
    return f"id: {sequence}\ndata: {json.dumps(document)}\n\n"


def text(offset: int, said: str, *, step: int = 1) -> str:
    piece = {"turn_id": "t", "step": step, "agent": "coder", "offset": offset, "text": said}
    return f"event: text\ndata: {json.dumps(piece)}\n\n"


def end(body: dict[str, Any]) -> str:
    return f"event: end\ndata: {json.dumps(body)}\n\n"


def test_an_answer_is_printed_as_it_comes_and_once(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    call = {"agent": "coder", "tool": "write_file"}
    services.on(
        SEND,
        text(0, "Let me see.")
        + event(5, "tool_execution_started", **call)
        + text(0, "Do", step=3)
        + text(2, "ne\x1b[2J", step=3)
        + end(turn(reply="Done\x1b[2J")),
    )

    outcome = agentctl("sessions", "send", "s", "write it", "--wait")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "coder  Let me see.",
        "coder calls write_file",
        "coder  Done\\x1b[2J",
    ]
    assert services.asked[0].body == {"content": "write it"}
    assert services.asked[0].headers["accept"] == "text/event-stream"


def test_an_answer_is_taken_up_again_under_its_key_when_the_connection_is_lost(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Safeguard: the Idempotency-Key; without it the message would be said twice."""
    switch = {"from_agent": "orchestrator", "to_agent": "coder", "reason": "files"}
    first = event(5, "agent_switched", **switch)
    services.on(SEND, first + text(0, "Do"), first + end(turn(reply="Done.")))

    outcome = agentctl("sessions", "send", "s", "write it", "--wait")

    assert outcome.out.splitlines() == [
        "orchestrator → coder: files",
        "coder  Do",
        "Done.",
    ]
    keys = [each.headers["idempotency-key"] for each in services.asked]
    assert (len(keys), len(set(keys))) == (2, 1)


def test_what_waits_for_somebody_is_said_with_what_to_do(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    call: dict[str, Any] = {"tool": "write_file", "arguments": {"path": "a"}}
    services.on(
        SEND,
        event(5, "approval_requested", level="domain", approval_id="a1", **call)
        + event(6, "tool_client_result_required", call_id="c1", **call)
        + end(turn("cancelled", error=None)),
    )

    outcome = agentctl("sessions", "send", "s", "write it", "--wait")

    said = " ".join(outcome.out.split())
    assert 'write_file {"path": "a"} waits for approval: agentctl approvals approve s a1' in said
    assert "agentctl sessions answer s c1 --result" in said
    assert (outcome.code, outcome.err) == (
        1,
        "agentctl: the turn is cancelled: nobody says why\n",
    )


def test_a_message_is_sent_without_waiting_or_its_turn_given_as_json(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(SEND, turn("queued"))
    services.on(f"{SESSION}/turns/t", turn("running"), turn("waiting"))

    sent = agentctl("sessions", "send", "s", "hello")
    waited = agentctl("sessions", "send", "s", "hello", "--wait", "--json")

    assert sent.out == "turn t is queued\n"
    assert (waited.code, waited.data["state"]) == (0, "waiting")


def test_a_turn_that_failed_is_a_failure(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(SEND, end(turn("failed", error="the model is\ndown")))

    outcome = agentctl("sessions", "send", "s", "hello", "--wait")

    assert (outcome.code, outcome.err) == (1, "agentctl: the turn is failed: the model is down\n")


def test_a_session_is_watched_to_its_end_over_a_lost_connection(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(SESSION, {"last_sequence": 4})
    services.on(
        EVENTS,
        event(5, "message_received", level="domain", message_content="hello") + text(0, "Hi"),
        event(6, "llm_request_failed", error_message="down") + end({"state": "completed"}),
    )

    outcome = agentctl("sessions", "watch", "s")

    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "    5  12:00:01.500  message_received             message_content=hello",
        "coder  Hi",
        "    6  12:00:01.500  llm_request_failed           error_message=down",
        "the session is completed",
    ]
    assert outcome.widest <= 100
    assert [each.query.get("after") for each in services.asked] == [None, ["4"], ["5"]]


def test_a_session_is_watched_from_an_event_on_by_level_and_as_json(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    both = event(1, "session_created", level="domain") + event(2, "session_created")
    services.on(EVENTS, both + end({"state": "expired"}))

    outcome = agentctl("sessions", "watch", "s", "--after", "0", "--level", "domain", "--json")

    (line,) = outcome.out.splitlines()
    assert json.loads(line)["type"] == "agentruntime.domain.session_created.v1"
    assert services.asked[0].query == {"after": ["0"], "text": ["false"]}


def test_what_is_not_kept_any_more_is_refused_with_the_reason(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(EVENTS, {"detail": "the stream keeps the events from 9 on"}, status=410)

    outcome = agentctl("sessions", "watch", "s", "--after", "0")

    assert (outcome.code, outcome.err) == (
        1,
        "agentctl: orchestrator: the stream keeps the events from 9 on\n",
    )
