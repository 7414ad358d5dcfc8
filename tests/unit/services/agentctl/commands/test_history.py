# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime
from typing import Any

from services.persistence.views.timeline import Line, Timeline
from services.persistence.views.view import Gap
from shared.ids import new_id
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

PATH = "GET /persistence/v1/sessions/s-1/timeline"


def line(sequence: int, **changes: Any) -> Line:
    values: dict[str, Any] = {
        "event_id": new_id(),
        "aggregate_id": "s-1",
        "sequence": sequence,
        "depth": 0,
        "type": "message_received",
        "level": "domain",
        "occurred_at": datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
        "causation_id": None,
        "agent": None,
        "duration_seconds": None,
        "error": False,
        "text": "",
        **changes,
    }
    return Line.model_validate(values)


def timeline(*lines: Line, following: int | None = None, gaps: list[Gap] | None = None) -> Any:
    found = Timeline(session_id="s-1", items=list(lines), gaps=gaps or [], next_sequence=following)
    return found.model_dump(mode="json")


def test_events_stand_below_their_causes_with_durations_and_errors(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    lines = (
        line(1, text="what is 1 + 1", forks=["s-2"]),
        line(2, depth=1, type="tool_executed", level="infrastructure", duration_seconds=0.0125),
        line(3, depth=2, type="tool_execution_failed", error=True, text="calculate: \x1b[2J"),
        line(4, depth=40, duration_seconds=2.5),
    )
    services.on(PATH, timeline(*lines, gaps=[Gap(first=5, last=6)]))

    outcome = agentctl("history", "timeline", "s-1")

    assert outcome.code == 0
    assert [each.rstrip() for each in outcome.out.splitlines()] == [
        "    1  12:00:00.250  message_received  what is 1 + 1",
        "       ↳ fork s-2",
        "    2  12:00:00.250    tool_executed  12 ms",
        "    3  12:00:00.250      ✗ tool_execution_failed  calculate: \\x1b[2J",
        f"    4  12:00:00.250  {'  ' * 12}message_received  2.5 s",
        "events 5 to 6 are missing",
    ]


def test_a_long_line_is_cut_and_not_broken(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(PATH, timeline(line(1, text="word " * 19)))

    outcome = agentctl("history", "timeline", "s-1")

    assert len(outcome.out.splitlines()) == 1
    assert outcome.widest <= 100


def test_all_pages_are_read(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(PATH, timeline(line(1), line(2), following=3), timeline(line(3)))

    found = agentctl("history", "timeline", "s-1", "--json").data

    assert [each["sequence"] for each in found["items"]] == [1, 2, 3]
    assert services.asked[1].query["from_sequence"] == ["3"]


def test_the_last_events_alone_can_be_shown(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(PATH, timeline(*map(line, range(1, 6))))

    found = agentctl("history", "timeline", "s-1", "--last", "2", "--json").data

    assert [each["sequence"] for each in found["items"]] == [4, 5]
