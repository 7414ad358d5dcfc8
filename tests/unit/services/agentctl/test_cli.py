# SPDX-License-Identifier: Apache-2.0
import socket
from typing import Any

import pytest

from services.agentctl.addresses import DEFAULT_PORTS
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

LETTER = "01890a5d-ac96-774b-bcce-b302099a8057"
COMMANDS = [
    ("dlq", "list"),
    ("dlq", "groups"),
    ("dlq", "show", LETTER),
    ("sessions", "list"),
    ("sessions", "show", "s-1"),
    ("history", "timeline", "s-1"),
    ("audit", "verify"),
    ("audit", "checkpoint"),
    ("context", "s-1"),
    ("metrics",),
    ("metrics", "s-1"),
]
PATHS = [
    "GET /dead_letters/v1/dead-letters",
    "GET /dead_letters/v1/dead-letters/groups",
    f"GET /dead_letters/v1/dead-letters/{LETTER}",
    "GET /persistence/v1/sessions",
    "GET /persistence/v1/sessions/s-1",
    "GET /persistence/v1/sessions/s-1/timeline",
    "POST /audit/v1/verify",
    "GET /audit/v1/logs",
    "GET /agent_context/v1/sessions/s-1/context",
    "GET /metrics/v1/metrics/summary",
    "GET /metrics/v1/sessions/s-1/metrics",
]
OTHER_SHAPES: list[Any] = ["no JSON", {}, [], None, {"items": [{}]}, 1]
EACH = list(zip(COMMANDS, PATHS, strict=True))


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for name in DEFAULT_PORTS:
        monkeypatch.setenv(f"AGENTCTL_{name.upper()}_URL", f"http://127.0.0.1:{port}")


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_service_that_does_not_answer_is_one_line_that_says_where(
    agentctl: Agentctl, command: tuple[str, ...]
) -> None:
    outcome = agentctl(*command)

    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert "does not answer at http://127.0.0.1:" in outcome.err
    assert "_URL)" in outcome.err


@pytest.mark.parametrize(("command", "path"), EACH)
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"title": "Not Found", "detail": "there is nothing"}, "there is nothing"),
        (503, {"title": "Service Unavailable"}, "Service Unavailable"),
        (502, "<html>", "answered 502 Bad Gateway"),
        (500, ["no problem details"], "answered 500 Internal Server Error"),
        (409, {"detail": "\x1b[2J gone"}, "\\x1b[2J gone"),
    ],
)
def test_a_refusal_is_one_line_with_what_the_service_said(
    agentctl: Agentctl,
    services: HttpAnswers,
    command: tuple[str, ...],
    path: str,
    status: int,
    body: object,
    said: str,
) -> None:
    services.on(path, body, status=status)

    outcome = agentctl(*command)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith(f"{said}\n")


@pytest.mark.parametrize(("command", "path"), EACH)
@pytest.mark.parametrize("body", OTHER_SHAPES)
def test_an_answer_of_another_shape_is_one_line_and_no_traceback(
    agentctl: Agentctl, services: HttpAnswers, command: tuple[str, ...], path: str, body: object
) -> None:
    services.on(path, body)

    outcome = agentctl(*command)

    harmless = command == ("audit", "checkpoint") and body in ([], {})
    assert outcome.code == (0 if harmless else 1), outcome.out
    assert outcome.err.count("\n") == (0 if harmless else 1)
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("dlq", "show", "no-uuid"), ("dlq", "list", "--limit", "0")]
)
def test_a_command_that_is_used_wrongly_says_how_to_use_it(
    agentctl: Agentctl, arguments: tuple[str, ...]
) -> None:
    outcome = agentctl(*arguments)

    assert outcome.code == 2
    assert "Usage: agentctl" in outcome.err


def test_a_setting_that_is_none_is_named(
    agentctl: Agentctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTCTL_TIMEOUT", "soon")

    outcome = agentctl("dlq", "list")

    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "timeout" in outcome.err


def test_a_service_that_is_too_slow_is_not_waited_for(
    agentctl: Agentctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(
            "AGENTCTL_PERSISTENCE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        monkeypatch.setenv("AGENTCTL_TIMEOUT", "0.05")

        outcome = agentctl("sessions", "list")

    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "timed out" in outcome.err
