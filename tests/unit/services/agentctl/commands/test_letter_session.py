# SPDX-License-Identifier: Apache-2.0
"""A letter is shown with what happened in its session around it."""

from datetime import UTC, datetime
from typing import Any

from services.persistence.views.timeline import Line, Timeline
from shared.ids import new_id
from tests.support.agentctl import Agentctl
from tests.support.dead_letter_views import LETTER, letter_view
from tests.support.http_answers import HttpAnswers

SHOW = f"GET /dead_letters/v1/dead-letters/{LETTER}"
TIMELINE = "GET /persistence/v1/sessions/s-1/timeline"


def line(sequence: int) -> Line:
    return Line(
        event_id=new_id(),
        aggregate_id="s-1",
        sequence=sequence,
        depth=0,
        type=f"event_{sequence}",
        level="domain",
        occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        causation_id=None,
        agent=None,
        duration_seconds=None,
        error=False,
        text="",
    )


def timeline(*sequences: int) -> Any:
    items = [line(each) for each in sequences]
    found = Timeline(session_id="s-1", items=items, gaps=[], next_sequence=None)
    return found.model_dump(mode="json")


def test_the_events_before_and_after_are_shown_around_the_one_that_failed(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(SHOW, letter_view(sequence=7))
    services.on(TIMELINE, timeline(5, 6, 8, 9, 30))

    outcome = agentctl("dlq", "show", LETTER, "--around", "2")

    lines = outcome.out[outcome.out.index("Session around event 7") :].splitlines()
    named = [line for line in lines if "event_" in line or "failed" in line]
    expected = ("event_5", "event_6", "persistence does not have", "event_8", "event_9")
    assert len(named) == len(expected)
    assert all(text in line for text, line in zip(expected, named, strict=True))
    assert services.asked[-1].query == {"from_sequence": ["5"], "limit": ["5"]}


def test_where_persistence_does_not_know_the_session_the_letter_is_shown_all_the_same(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(SHOW, letter_view(sequence=7))

    outcome = agentctl("dlq", "show", LETTER)

    assert (outcome.code, "not to be had: persistence" in outcome.out) == (0, True)


def test_nobody_is_asked_where_none_are_wanted(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(SHOW, letter_view(sequence=7))

    assert agentctl("dlq", "show", LETTER, "--around", "0").code == 0
    assert len(services.asked) == 1
