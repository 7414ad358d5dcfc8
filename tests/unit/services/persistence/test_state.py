# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence

from hypothesis import given

from services.persistence.projections import READ_MODELS, Rows, project
from services.persistence.projections.sessions import SESSIONS
from services.persistence.state import MESSAGES_KEPT, SessionState, evolve
from services.persistence.views.state import State, state_view
from shared.events import ApprovalRequested, Event, MessageReceived, SessionCreated
from tests.support.conversations import Recorder, conversation, place_of
from tests.support.event_streams import histories, long_history


def state_after(events: Sequence[Event]) -> SessionState:
    state = SessionState()
    for event in events:
        state = evolve(state, event)
    return state


def view_after(events: Sequence[Event]) -> State:
    return state_view(events[0].aggregate_id, state_after(events))


def test_the_last_turn_is_kept_with_what_belongs_to_it() -> None:
    events = conversation()

    first = view_after(events[: place_of(events, ApprovalRequested)])
    last = view_after(events)

    assert [each.turn_id for each in first.turns] == ["turn-1"]
    assert [each.approval_id for each in first.approvals] == ["approval-1"]
    assert [each.turn_id for each in last.turns] == ["turn-2"]
    assert [each.call_id for each in last.tool_calls] == ["call-2"]
    assert last.approvals == []


def test_turns_that_are_not_finished_are_kept() -> None:
    recorder = Recorder("session-1")
    recorder.add(SessionCreated)
    for number in range(5):
        recorder.add(
            MessageReceived, message_content="hi", message_length=2, turn_id=f"turn-{number}"
        )

    assert len(view_after(recorder.events).turns) == 5


def test_the_last_messages_are_kept() -> None:
    recorder = Recorder("session-1")
    for number in range(MESSAGES_KEPT + 7):
        recorder.add(MessageReceived, message_content=str(number), message_length=1)

    messages = view_after(recorder.events).messages

    assert [each.content for each in messages] == [str(n) for n in range(7, MESSAGES_KEPT + 7)]


def test_it_does_not_grow_with_the_history() -> None:
    short, long = (state_after(long_history("s", length)) for length in (600, 3_000))

    for model in READ_MODELS:
        assert len(long.rows.of(model)) <= len(short.rows.of(model)) + MESSAGES_KEPT


@given(events=histories(sessions=1, length=30))
def test_what_is_kept_is_what_the_read_models_have(events: list[Event]) -> None:
    rows = Rows()
    for event in events:
        project(event, rows)

    state = state_after(events)

    assert state.sequence == len(events)
    assert state.rows.of(SESSIONS) == rows.of(SESSIONS)
    for model in READ_MODELS:
        for key, row in state.rows.of(model).items():
            whole = rows.of(model)[key]
            assert {name: whole[name] for name in row if name in {"status", "content"}} == {
                name: row[name] for name in row if name in {"status", "content"}
            }
