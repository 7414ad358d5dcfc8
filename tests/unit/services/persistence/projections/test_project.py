# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.persistence.projections import READ_MODELS, Merge, ReadModel, Rows, project
from services.persistence.projections.approvals import APPROVALS
from services.persistence.projections.messages import MESSAGES
from services.persistence.projections.sessions import SESSIONS
from services.persistence.projections.tool_calls import TOOL_CALLS
from services.persistence.projections.turns import TURNS
from services.persistence.tables import metadata
from shared.events import (
    AgentSwitchedEvent,
    AssistantReplied,
    BudgetExceeded,
    ConversationCompleted,
    Event,
    HITLApprovalRequestedEvent,
    LLMRequestFailedEvent,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    SessionExpired,
    SessionForked,
    SessionUpdatedEvent,
    SystemStartupEvent,
    TaskCompleted,
    ToolExecutedEvent,
    TurnCancelled,
)
from tests.support.conversations import Recorder, conversation
from tests.support.event_strategies import any_event
from tests.support.factories import an_event


def rows_after(*events: Event) -> Rows:
    rows = Rows()
    for event in events:
        project(event, rows)
    return rows


def only(rows: Rows, model: ReadModel) -> dict[str, Any]:
    [row] = rows.of(model).values()
    return row


def after(event_class: type[Event], **fields: Any) -> Rows:
    recorder = Recorder("session-1")
    recorder.add(SessionCreated, agent="orchestrator")
    recorder.events.append(an_event(event_class, sequence=2, **fields))
    return rows_after(*recorder.events)


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_a_read_model_has_the_columns_of_its_table(model: ReadModel) -> None:
    table = metadata.tables[f"persistence.{model.name}"]

    assert {*model.key, *model.columns} == set(table.columns.keys())
    assert tuple(table.primary_key.columns.keys()) == model.key


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_what_adds_up_has_a_zero_to_begin_with(model: ReadModel) -> None:
    table = metadata.tables[f"persistence.{model.name}"]
    added = {name for name, merge in model.columns.items() if merge is Merge.ADD}

    assert added == {each.name for each in table.columns if each.server_default is not None}


def test_a_conversation() -> None:
    rows = rows_after(*conversation())

    session = only(rows, SESSIONS)
    assert (session["agent"], session["state"], session["created_by"]) == (
        "coder",
        "active",
        "ada",
    )
    assert (session["messages"], session["turns"], session["switches"]) == (3, 2, 1)
    assert session["cost_usd"] == Decimal("0.0125")
    assert session["duration_us"] == 3_000_000
    assert [row["role"] for row in rows.of(MESSAGES).values()] == ["user", "assistant", "user"]
    assert [row["status"] for row in rows.of(TURNS).values()] == ["completed", "failed"]
    assert [row["status"] for row in rows.of(TOOL_CALLS).values()] == ["succeeded", "failed"]
    assert [row["status"] for row in rows.of(APPROVALS).values()] == ["edited"]


@pytest.mark.parametrize(
    ("event_class", "fields", "state"),
    [
        (SessionUpdatedEvent, {"state": "paused"}, "paused"),
        (ConversationCompleted, {}, "completed"),
        (SessionExpired, {}, "expired"),
        (SessionDeleted, {}, "deleted"),
        (MessageReceived, {}, "active"),
    ],
)
def test_the_state_of_a_session(
    event_class: type[Event], fields: dict[str, Any], state: str
) -> None:
    assert only(after(event_class, **fields), SESSIONS)["state"] == state


@pytest.mark.parametrize(
    ("event_class", "fields", "status"),
    [
        (MessageReceived, {"turn_id": "turn-1"}, "queued"),
        (TaskCompleted, {"turn_id": "turn-1", "success": True}, "completed"),
        (TaskCompleted, {"turn_id": "turn-1", "success": False}, "failed"),
        (TurnCancelled, {"turn_id": "turn-1"}, "cancelled"),
    ],
)
def test_the_status_of_a_turn(
    event_class: type[Event], fields: dict[str, Any], status: str
) -> None:
    assert only(after(event_class, **fields), TURNS)["status"] == status


def test_a_title_is_given_or_comes_from_the_first_message() -> None:
    recorder = Recorder("session-1")
    recorder.add(SessionCreated, title="")
    for text in ("  tell me\n a " + "very " * 20, "something else"):
        recorder.add(MessageReceived, message_content=text, message_length=len(text))

    title = only(rows_after(*recorder.events), SESSIONS)["title"]

    assert title.startswith("tell me a very very")
    assert title.endswith("…")
    assert len(title) == 80


def test_a_given_title_stays() -> None:
    recorder = Recorder("session-1")
    recorder.add(SessionCreated, title="notes")
    recorder.add(MessageReceived, message_content="hi", message_length=2)

    assert only(rows_after(*recorder.events), SESSIONS)["title"] == "notes"


def test_a_message_without_a_turn_makes_none() -> None:
    rows = after(MessageReceived, turn_id="")

    assert not rows.of(TURNS)
    assert only(rows, SESSIONS)["turns"] == 0
    assert only(rows, SESSIONS)["messages"] == 1


def test_a_tool_that_reports_failure_has_failed() -> None:
    rows = after(ToolExecutedEvent, success=False, turn_id="turn-1")

    assert only(rows, TOOL_CALLS)["status"] == "failed"
    assert only(rows, TURNS)["failed_tool_calls"] == 1


def test_a_fork_says_where_it_comes_from() -> None:
    origin = {"other_session_id": "elsewhere", "at_sequence": 7}

    forked = only(after(SessionForked, direction="from", **origin), SESSIONS)
    original = only(after(SessionForked, direction="to", **origin), SESSIONS)

    assert (forked["forked_from"], forked["forked_at_sequence"]) == ("elsewhere", 7)
    assert "forked_from" not in original


def test_a_budget_and_a_failed_model_are_noted() -> None:
    budget = only(after(BudgetExceeded, budget="tokens"), TURNS)
    failure = only(after(LLMRequestFailedEvent, turn_id="turn-1"), TURNS)

    assert budget["budget"] == "tokens"
    assert (failure["model_calls"], failure["failed_model_calls"]) == (1, 1)


def test_the_call_ids_of_two_turns_may_be_the_same() -> None:
    recorder = Recorder("session-1")
    for turn in ("turn-1", "turn-2"):
        recorder.events.append(
            an_event(
                ToolExecutedEvent,
                sequence=len(recorder.events) + 1,
                turn_id=turn,
                call_id="call-1",
            )
        )

    assert len(rows_after(*recorder.events).of(TOOL_CALLS)) == 2


def test_events_that_only_repeat_others_change_nothing_but_the_place() -> None:
    rows = after(HITLApprovalRequestedEvent)

    assert not rows.of(APPROVALS)
    assert only(rows, SESSIONS)["last_sequence"] == 2


def test_what_is_not_of_a_session_changes_nothing() -> None:
    rows = rows_after(
        an_event(SystemStartupEvent, sequence=1),
        an_event(
            AgentSwitchedEvent, aggregate_id="service:x/1", session_id="session-1", sequence=1
        ),
    )

    assert not any(rows.of(model) for model in READ_MODELS)


def test_the_reply_is_in_the_turn() -> None:
    rows = after(AssistantReplied, turn_id="turn-1", message_id="reply-1", agent_type="coder")

    assert only(rows, TURNS)["reply_id"] == "reply-1"
    assert only(rows, MESSAGES)["agent"] == "coder"


@given(events=st.lists(any_event(), max_size=8), cut=st.integers(0, 8))
def test_changes_add_up_the_same_in_any_portions(events: list[Event], cut: int) -> None:
    place = {"aggregate_id": "s", "session_id": "s"}
    numbered = [
        event.model_copy(update={**place, "sequence": number})
        for number, event in enumerate(events, start=1)
    ]
    whole = rows_after(*numbered)
    portions = [rows_after(*numbered[:cut]), rows_after(*numbered[cut:])]

    for model in READ_MODELS:
        for key, row in whole.of(model).items():
            parts = [portion.of(model).get(key, {}) for portion in portions]
            for name, value in row.items():
                found = [part[name] for part in parts if name in part]
                match model.columns[name]:
                    case Merge.ADD:
                        assert sum(found) == value
                    case Merge.FIRST:
                        assert found[0] == value
                    case Merge.LAST:
                        assert found[-1] == value


@given(any_event())
def test_a_read_model_is_concerned_by_every_event_that_changes_it(event: Event) -> None:
    for model in READ_MODELS:
        if model.projection(event) is not None:
            assert model.concerns(type(event))


def inherited(role: str, text: str, sequence: int) -> Event:
    return an_event(
        MessageInherited,
        session_id="fork",
        sequence=sequence,
        role=role,
        message_id=f"m{sequence}",
        message_content=text,
        message_length=len(text),
    )


def test_an_inherited_message_is_one_of_the_fork_but_no_turn_of_it() -> None:
    rows = rows_after(inherited("user", "hello", 4), inherited("assistant", "good day", 5))

    assert [row["content"] for row in rows.of(MESSAGES).values()] == ["hello", "good day"]
    assert rows.of(TURNS) == {}
    session = only(rows, SESSIONS)
    assert (session["messages"], session["title"]) == (2, "hello")
    assert "turns" not in session
