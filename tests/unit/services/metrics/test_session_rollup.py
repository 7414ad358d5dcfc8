# SPDX-License-Identifier: Apache-2.0
"""The figures of single sessions."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from services.metrics.session_rollup import session_rollup
from services.metrics.units import moment
from shared.events import Event, MessageInherited, MessageReceived, SystemStartupEvent
from tests.support.event_streams import BEGINNING, histories, long_history


@given(data=st.data())
def test_the_order_of_events_does_not_matter(data: st.DataObject) -> None:
    events = data.draw(histories())
    mixed = data.draw(st.permutations(events))

    assert session_rollup(mixed, {}) == session_rollup(events, {})


@given(histories())
def test_each_session_has_its_own_figures(events: list[Event]) -> None:
    sessions = session_rollup(events, {}).sessions

    for session_id, change in sessions.items():
        assert change.sums["events"] == len([e for e in events if e.session_id == session_id])


def test_a_session_lasts_from_its_earliest_to_its_latest_event() -> None:
    events = long_history("s", 10)

    change = session_rollup(reversed(events), {}).sessions["s"]

    assert moment(change.first_at) == BEGINNING + timedelta(seconds=1)
    assert moment(change.last_at) == BEGINNING + timedelta(seconds=10)


def test_tokens_cost_tools_switches_and_errors_are_added_up() -> None:
    sums = session_rollup(long_history("s", 24), {}).sessions["s"].sums

    assert sums["input_tokens"] == 300
    assert sums["cost_nano_usd"] == 428_571_429
    assert sums["tool_calls"] == 2
    assert sums["tool_failures"] == 1
    assert sums["switches"] == sums["errors"] == 1
    assert sums["messages"] == 2


def test_what_a_service_says_of_itself_is_left_out() -> None:
    started = SystemStartupEvent(
        aggregate_id="service:audit/1", service="audit", instance="1", service_version="1"
    )

    assert not session_rollup([started], {}).sessions


def test_no_time_lies_before_1970_whatever_a_clock_says() -> None:
    long_ago = datetime(1969, 1, 1, tzinfo=UTC)
    message = MessageReceived(
        session_id="s", message_content="", message_length=0, occurred_at=long_ago
    )

    assert session_rollup([message], {}).sessions["s"].first_at == 0


def test_what_a_fork_inherited_is_an_event_and_nothing_else() -> None:
    """Safeguard: the past is not told by ``MessageReceived``, which would count it again."""
    inherited = MessageInherited(
        session_id="s", role="user", message_id="m", message_content="hello", message_length=5
    )

    assert session_rollup([inherited], {}).sessions["s"].sums == {"events": 1}
