# SPDX-License-Identifier: Apache-2.0
"""What happens to sessions."""

from hypothesis import given, strategies as st

from services.metrics import names
from services.metrics.session_lifecycle import COUNTED, session_lifecycle
from shared.events import (
    BudgetExceeded,
    ConversationCompleted,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    TaskCompleted,
    TurnCancelled,
)
from tests.support.event_streams import histories


@given(data=st.data())
def test_the_order_of_events_does_not_matter(data: st.DataObject) -> None:
    events = data.draw(histories())
    mixed = data.draw(st.permutations(events))

    assert session_lifecycle(mixed, {}) == session_lifecycle(events, {})


def test_a_session_that_is_completed_and_then_deleted_is_over_once() -> None:
    changes = session_lifecycle(
        [
            SessionCreated(session_id="s"),
            ConversationCompleted(session_id="s", total_messages=1, duration_seconds=1),
            SessionDeleted(session_id="s"),
        ],
        {},
    )

    assert changes.totals[names.SESSIONS_CREATED,] == 1
    assert changes.totals[names.SESSIONS_ENDED, "completed"] == 1
    assert changes.totals[names.SESSIONS_ENDED, "deleted"] == 1
    assert {(first.flag, first.beside) for first in changes.firsts} == {
        ("begun", "ended"),
        ("ended", "begun"),
    }


def test_messages_turns_and_budgets_are_counted() -> None:
    totals = session_lifecycle(
        [
            MessageReceived(session_id="s", message_content="hi", message_length=2),
            TaskCompleted(session_id="s", agent_type="coder", success=False, result_summary=""),
            TurnCancelled(session_id="s", turn_id="t"),
            BudgetExceeded(
                session_id="s",
                turn_id="t",
                agent_type="coder",
                budget="cost_usd",
                limit=1,
                used=2,
            ),
        ],
        {},
    ).totals

    assert totals == {
        (names.MESSAGES, "user"): 1,
        (names.TURNS, "coder", "failure"): 1,
        (names.TURNS, "unknown", "cancelled"): 1,
        (names.BUDGET_BREACHES, "cost_usd"): 1,
    }


def test_it_is_told_how_long_turns_took_by_how_they_ended() -> None:
    totals = session_lifecycle(
        [
            TaskCompleted(
                session_id="s",
                agent_type="coder",
                success=True,
                result_summary="",
                duration_seconds=1.5,
            ),
            TurnCancelled(session_id="s", turn_id="t", duration_seconds=3600),
        ],
        {},
    ).totals

    took = {key[1:]: n for key, n in totals.items() if key[0] == names.TURN_SECONDS}
    assert took == {
        ("success", "2.0"): 1,
        ("success", names.SUM): 1_500_000,
        ("cancelled", "+Inf"): 1,
        ("cancelled", names.SUM): 3_600_000_000,
    }


def test_every_event_that_is_counted_adds_something() -> None:
    assert len(set(COUNTED)) == len(COUNTED) == 9
