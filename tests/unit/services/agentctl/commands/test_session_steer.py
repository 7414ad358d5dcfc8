# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

PATH = "POST /orchestrator/v1/sessions/s"


def test_a_session_is_created_and_only_its_id_is_printed(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on("POST /orchestrator/v1/sessions", {"id": "s"})

    outcome = agentctl("sessions", "create", "--agent", "coder", "--by", "ann")

    assert (outcome.code, outcome.out) == (0, "s\n")
    assert services.asked[0].body == {"created_by": "ann", "title": "", "agent": "coder"}


@pytest.mark.parametrize(
    ("command", "path", "body", "said"),
    [
        (["pause", "s", "--reason", "lunch"], "pause", {"reason": "lunch"}, "session s paused"),
        (["resume", "s"], "resume", {}, "session s goes on"),
        (["complete", "s"], "complete", {}, "session s is completed"),
    ],
)
def test_a_session_is_steered_by_somebody(
    agentctl: Agentctl,
    services: HttpAnswers,
    command: list[str],
    path: str,
    body: dict[str, Any],
    said: str,
) -> None:
    services.on(f"{PATH}/{path}", {"id": "s"})

    outcome = agentctl("sessions", *command, "--by", "ann")

    assert (outcome.code, outcome.out) == (0, f"{said}\n")
    assert services.asked[0].body == {"by": "ann", "reason": "", **body}


def test_another_agent_goes_on(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{PATH}/agent", {"id": "s"})

    outcome = agentctl("sessions", "switch", "s", "coder", "--reason", "it is code")

    assert outcome.out == "session s is with coder\n"
    assert services.asked[0].body == {"agent": "coder", "reason": "it is code"}


def test_what_was_cancelled_is_said(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{PATH}/cancel", [{"number": 3}, {"number": 4}], [])

    cancelled = agentctl("sessions", "cancel", "s", "--turn", "t", "--by", "ann")
    nothing = agentctl("sessions", "cancel", "s")

    assert (cancelled.out, nothing.out) == (
        "cancelled 2 turns: 3, 4\n",
        "nothing was going on\n",
    )
    assert services.asked[0].body == {"by": "ann", "reason": "", "turn_id": "t"}


def test_a_call_of_the_client_is_answered(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{PATH}/tool-results/c", {"tool": "pick", "state": "committed"})

    given = agentctl("sessions", "answer", "s", "c", "--result", "blue")
    failed = agentctl("sessions", "answer", "s", "c", "--error", "nobody there", "--json")
    neither = agentctl("sessions", "answer", "s", "c")

    assert (given.out, failed.data["tool"]) == ("pick is committed\n", "pick")
    assert [each.body for each in services.asked] == [
        {"result": "blue"},
        {"error": "nobody there"},
    ]
    assert neither.err == "agentctl: give either --result or --error\n"


def test_a_refusal_is_one_line_with_the_reason(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{PATH}/pause", {"detail": "the session is completed"}, status=409)

    outcome = agentctl("sessions", "pause", "s")

    assert (outcome.code, outcome.err) == (
        1,
        "agentctl: orchestrator: the session is completed\n",
    )
