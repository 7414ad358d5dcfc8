# SPDX-License-Identifier: Apache-2.0
"""Counts, rates and distributions."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from services.metrics import names
from services.metrics.changes import Changes, First
from services.metrics.rollup import rollup
from services.metrics.units import MOST
from shared.events import (
    AgentProcessingCompletedEvent,
    AgentSwitchedEvent,
    Event,
    HITLDecisionMadeEvent,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    SessionCreated,
    SystemStartupEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
)
from tests.support.event_streams import histories


@given(data=st.data())
def test_the_order_of_events_does_not_matter(data: st.DataObject) -> None:
    events = data.draw(histories())
    mixed = data.draw(st.permutations(events))

    assert rollup(mixed, {}) == rollup(events, {})


@given(data=st.data())
def test_it_does_not_matter_where_one_batch_ends_and_the_next_begins(data: st.DataObject) -> None:
    events = data.draw(histories())
    cut = data.draw(st.integers(0, len(events)))

    assert added(rollup(events[:cut], {}), rollup(events[cut:], {})) == rollup(events, {}).totals


@given(histories())
def test_every_event_is_counted_once_by_level_and_type(events: list[Event]) -> None:
    totals = rollup(events, {}).totals

    assert sum(n for key, n in totals.items() if key[0] == names.EVENTS) == len(events)
    assert totals[names.EVENTS, "domain", "session_created"] == len({e.session_id for e in events})


def test_switches_are_counted_by_pair() -> None:
    switch = AgentSwitchedEvent(session_id="s", from_agent="coder", to_agent="ask", reason="")

    totals = rollup([switch, switch], {}).totals

    assert totals[names.SWITCHES, "coder", "ask"] == 2


def test_durations_are_summed_exactly_and_sorted_into_buckets() -> None:
    runs = [
        AgentProcessingCompletedEvent(
            session_id="s", agent="coder", duration_seconds=seconds, success=True
        )
        for seconds in (0.1, 0.1, 0.1, 2.5, 9999)
    ]

    totals = rollup(runs, {}).totals

    assert totals[names.AGENT_SECONDS, "coder", "0.1"] == 3
    assert totals[names.AGENT_SECONDS, "coder", "5.0"] == 1
    assert totals[names.AGENT_SECONDS, "coder", "+Inf"] == 1
    assert totals[names.AGENT_SECONDS, "coder", names.SUM] == 10_001_800_000


def test_tools_succeed_or_fail_also_when_they_raise() -> None:
    executed = ToolExecutedEvent(
        session_id="s", tool="t", call_id="1", duration_seconds=1, result_size=0
    )
    failed = ToolExecutionFailedEvent(
        session_id="s", tool="t", call_id="2", duration_seconds=1, error_type="E", error_message=""
    )

    totals = rollup([executed, executed.model_copy(update={"success": False}), failed], {}).totals

    assert totals[names.TOOL_CALLS, "t", "success"] == 1
    assert totals[names.TOOL_CALLS, "t", "failure"] == 2


def test_decisions_are_counted_by_tool() -> None:
    decided = HITLDecisionMadeEvent(
        session_id="s", approval_id="a", tool="write_file", decision="edited", wait_seconds=12
    )

    totals = rollup([decided], {}).totals

    assert totals[names.DECISIONS, "write_file", "edited"] == 1
    assert totals[names.DECISION_WAIT, "edited", "15.0"] == 1


def test_cost_is_exact_and_unknown_cost_is_nothing() -> None:
    calls = [
        LLMRequestCompletedEvent(
            session_id="s",
            model="m",
            input_tokens=3,
            output_tokens=2,
            cached_tokens=1,
            cost_usd=cost,
            duration_seconds=1,
        )
        for cost in (*[Decimal("0.1")] * 3, None)
    ]

    totals = rollup(calls, {}).totals

    assert totals[names.LLM_COST, "m"] == 300_000_000
    assert totals[names.LLM_TOKENS, "input", "m"] == 12
    assert totals[names.LLM_TOKENS, "cached", "m"] == 4


def test_answers_and_failures_of_a_model_are_counted_under_the_name_it_is_configured_by() -> None:
    answered = LLMRequestCompletedEvent(
        session_id="s",
        model="gpt-5-2026-01-01",
        requested_model="openai:gpt-5",
        input_tokens=1,
        output_tokens=1,
        duration_seconds=1,
    )
    failed = LLMRequestFailedEvent(
        session_id="s",
        model="openai:gpt-5",
        duration_seconds=1,
        error_type="E",
        error_message="no",
    )

    totals = rollup([answered, failed], {}).totals

    assert totals[names.LLM_REQUESTS, "openai:gpt-5", "success"] == 1
    assert totals[names.LLM_REQUESTS, "openai:gpt-5", "failure"] == 1


def test_what_an_event_counts_is_bounded() -> None:
    call = LLMRequestCompletedEvent(
        session_id="s",
        model="m",
        input_tokens=10**40,
        output_tokens=0,
        cost_usd=Decimal("1e30"),
        duration_seconds=1e300,
    )

    totals = rollup([call], {}).totals

    assert totals[names.LLM_TOKENS, "input", "m"] == MOST
    assert totals[names.LLM_COST, "m"] == MOST
    assert totals[names.LLM_SECONDS, "m", names.SUM] == MOST


@pytest.mark.parametrize("model", ["m2", "m" * 121])
def test_a_name_without_room_or_too_long_is_counted_as_other(model: str) -> None:
    failed = LLMRequestFailedEvent(
        session_id="s", model=model, duration_seconds=1, error_type="E", error_message=""
    )

    changes = rollup([failed], {"model": {"m2"}})

    assert changes.totals[names.LLM_REQUESTS, "other", "failure"] == 1
    assert "model" not in changes.names


def test_free_names_are_told_so_that_their_number_can_be_bounded() -> None:
    switch = AgentSwitchedEvent(session_id="s", from_agent="coder", to_agent="", reason="")

    assert rollup([switch], {}).names == {"agent": {"coder", "unknown"}}


def test_no_figure_has_a_session_in_it() -> None:
    changes = rollup([SessionCreated(session_id="secret-session")], {})

    assert not [key for key in changes.totals if "secret-session" in key]
    assert changes.firsts == {
        First(session_id="secret-session", flag="seen", key=(names.SESSIONS_SEEN,))
    }


def test_what_a_service_says_of_itself_belongs_to_no_session() -> None:
    started = SystemStartupEvent(
        aggregate_id="service:audit/1", service="audit", instance="1", service_version="1"
    )

    changes = rollup([started], {})

    assert changes.totals == {(names.EVENTS, "infrastructure", "system_startup"): 1}
    assert not changes.firsts


def added(one: Changes, other: Changes) -> dict[tuple[str, ...], int]:
    keys = one.totals.keys() | other.totals.keys()
    return {key: one.totals.get(key, 0) + other.totals.get(key, 0) for key in keys}
