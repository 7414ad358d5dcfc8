# SPDX-License-Identifier: Apache-2.0
"""``agentctl history diff``: what it asks, what it prints, how it ends."""

from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

DIFF = "GET /persistence/v1/sessions/s-1/diff"


def part(**changes: list[Any]) -> dict[str, list[Any]]:
    return {"added": [], "removed": [], "changed": [], **changes}


def difference(**changes: Any) -> dict[str, Any]:
    return {
        "session_id": "s-1",
        "from": {"sequence": 7, "occurred_at": "2026-11-28T04:33:54Z"},
        "to": {"sequence": 12, "occurred_at": "2026-11-28T04:33:59Z"},
        "session": {},
        "messages": part(),
        "turns": part(),
        "tool_calls": part(),
        "approvals": part(),
        **changes,
    }


def test_what_was_added_removed_and_changed_is_told_in_lines(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(
        DIFF,
        difference(
            session={"messages": {"before": 1, "after": 2}},
            messages=part(added=[{"sequence": 11, "content": "tidied \x1b[31mup"}]),
            turns=part(
                changed=[
                    {
                        "key": {"turn_id": "t-1"},
                        "fields": {"status": {"before": "running", "after": "completed"}},
                    }
                ]
            ),
            tool_calls=part(removed=[{"turn_id": "t-1", "call_id": "c-1", "tool": "read_file"}]),
        ),
    )

    outcome = agentctl("history", "diff", "s-1", "7", "2026-11-28T04:33:59Z")

    assert outcome.code == 0
    assert [line.rstrip() for line in outcome.out.splitlines()] == [
        "from  event 7, 2026-11-28 04:33:54 UTC",
        "to    event 12, 2026-11-28 04:33:59 UTC",
        "  session",
        "    messages  1 → 2",
        "+ message 11  tidied \\x1b[31mup",
        "  turn t-1",
        "    status  running → completed",
        "- tool call t-1/c-1  read_file",
    ]
    assert services.asked[0].query == {"from": ["7"], "to": ["2026-11-28T04:33:59Z"]}


def test_where_nothing_is_different_it_says_so(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(DIFF, difference())

    outcome = agentctl("history", "diff", "s-1", "7", "12")

    assert (outcome.code, "nothing is different" in outcome.out) == (0, True)


def test_as_json_it_is_what_the_service_answered(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(DIFF, difference())

    assert agentctl("history", "diff", "s-1", "7", "12", "--json").data == difference()


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_points_that_are_refused_fail_with_the_reason(
    agentctl: Agentctl, services: HttpAnswers, how: tuple[str, ...]
) -> None:
    services.on(DIFF, {"title": "Invalid request", "detail": "5000 events apart"}, status=422)

    outcome = agentctl("history", "diff", "s-1", "1", "9000", *how)

    assert (outcome.code, "5000 events apart" in outcome.err) == (1, True)
