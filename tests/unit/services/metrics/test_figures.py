# SPDX-License-Identifier: Apache-2.0
"""Answers from totals."""

from collections import Counter
from decimal import Decimal

from services.metrics import figures
from services.metrics.changes import Key
from services.metrics.rollup import rollup
from services.metrics.session_lifecycle import session_lifecycle
from services.metrics.session_rollup import session_rollup
from tests.support.event_streams import long_history


def totals() -> dict[Key, int]:
    events = long_history("s", 24)
    return dict(Counter(rollup(events, {}).totals) + Counter(session_lifecycle(events, {}).totals))


def test_an_average_is_over_what_was_counted_and_of_nothing_is_nothing() -> None:
    kept: dict[Key, int] = {
        ("agent_runs_total", "coder", "success"): 3,
        ("agent_runs_total", "coder", "failure"): 1,
        ("agent_processing_duration_seconds", "coder", "sum"): 6_000_000,
        ("agent_errors_total", "ask", "TimeoutError"): 2,
    }

    ask, coder = figures.agents(kept)

    assert (coder.runs, coder.failures, coder.average_seconds) == (4, 1, 1.5)
    assert (ask.runs, ask.errors, ask.average_seconds) == (0, 2, None)


def test_the_success_rate_of_a_tool_is_by_call() -> None:
    kept: dict[Key, int] = {
        ("tool_calls_total", "t", "success"): 3,
        ("tool_calls_total", "t", "failure"): 1,
    }

    assert figures.tools(kept)[0].success_rate == 0.75


def test_the_questions_agree_with_the_summary() -> None:
    kept = totals()

    summary = figures.summary(kept)

    assert summary.events == figures.counts(kept).events.total == 24
    assert summary.switches == sum(each.count for each in figures.switches(kept)) == 1
    assert summary.tool_calls == sum(each.calls for each in figures.tools(kept)) == 2
    assert summary.agent_errors == sum(each.count for each in figures.errors(kept)) == 1
    assert summary.llm_requests == sum(each.requests for each in figures.llm(kept)) == 2
    assert summary.cost_usd == sum(each.cost_usd for each in figures.llm(kept))
    assert summary.decisions == sum(each.rejected for each in figures.decisions(kept)) == 1


def test_sessions_are_active_until_they_are_over_and_never_fewer_than_none() -> None:
    assert figures.active_sessions({("sessions_created_total",): 3}) == 3
    assert figures.active_sessions({("sessions_created_total",): 3, ("sessions_over_total",): 2})
    assert figures.active_sessions({("sessions_over_total",): 2}) == 0


def test_nothing_counted_is_an_answer_too() -> None:
    assert figures.summary({}).events == 0
    assert figures.counts({}).events.by_level == {"domain": 0, "infrastructure": 0}
    assert not [*figures.agents({}), *figures.tools({}), *figures.llm({})]


def test_a_session_has_its_cost_as_an_exact_amount_and_its_durations_in_seconds() -> None:
    change = session_rollup(long_history("s", 24), {}).sessions["s"]
    kept = {**change.sums, "first_at": change.first_at, "last_at": change.last_at}

    answer = figures.session("s", kept)

    assert answer.cost_usd == Decimal("0.428571429")
    assert '"cost_usd":"0.428571429"' in answer.model_dump_json()
    assert answer.duration_seconds == 23
    assert (answer.events, answer.messages, answer.tool_failures) == (24, 2, 1)
