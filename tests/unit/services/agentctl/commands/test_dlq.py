# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.dead_letter_views import (
    FINGERPRINT,
    LETTER,
    OTHER,
    group_view,
    letter_view,
    page_view,
    result_view,
)
from tests.support.http_answers import HttpAnswers

LIST = "GET /dead_letters/v1/dead-letters"


def redrive_of(letter: str) -> str:
    return f"POST /dead_letters/v1/dead-letters/{letter}/redrive"


def test_letters_are_listed_with_what_matters(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(LIST, page_view(next_page=OTHER))

    outcome = agentctl("dlq", "list")

    assert outcome.code == 0
    for text in (LETTER, "open", "metrics", "exhausted", "TransientError: out of order", "s-1"):
        assert text in outcome.out
    assert "message_received" in outcome.out
    assert f"--cursor {OTHER}" in outcome.out
    assert outcome.widest <= 100


def test_every_filter_is_passed_on(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(LIST, {"items": [], "next": None})

    outcome = agentctl(
        *("dlq", "list", "--service", "metrics", "--kind", "poison", "--error-class", "E"),
        *("--type", "t", "--session", "s-1", "--status", "open", "--group", FINGERPRINT),
        *("--since", "2026-03-01T12:00:00", "--until", "2026-03-02", "--limit", "7"),
        *("--cursor", LETTER),
    )

    assert (outcome.code, outcome.out) == (0, "no dead letters\n")
    [asked] = services.asked
    assert asked.query == {
        "service": ["metrics"],
        "kind": ["poison"],
        "error_class": ["E"],
        "event_type": ["t"],
        "session": ["s-1"],
        "status": ["open"],
        "fingerprint": [FINGERPRINT],
        "since": ["2026-03-01T12:00:00Z"],
        "until": ["2026-03-02T00:00:00Z"],
        "limit": ["7"],
        "cursor": [LETTER],
    }


@pytest.mark.parametrize(
    ("command", "path", "view"),
    [
        (("dlq", "list"), LIST, page_view()),
        (("dlq", "groups"), f"{LIST}/groups", {"items": [group_view()]}),
        (("dlq", "show", LETTER), f"{LIST}/{LETTER}", letter_view()),
    ],
)
def test_json_is_what_the_service_answered(
    agentctl: Agentctl, services: HttpAnswers, command: tuple[str, ...], path: str, view: Any
) -> None:
    services.on(path, view)

    assert agentctl(*command, "--json").data == view


def test_groups_are_shown_with_their_counts(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{LIST}/groups", {"items": [group_view()]})

    outcome = agentctl("dlq", "groups")

    for text in (FINGERPRINT, "17", "TransientError: out of order", "3 sessions", LETTER):
        assert text in outcome.out
    assert outcome.widest <= 100


def test_a_letter_is_shown_with_everything(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"{LIST}/{LETTER}", letter_view())

    outcome = agentctl("dlq", "show", LETTER)

    for text in (
        "agent-runtime.domain[3]@17",
        "TransientError: out of order",
        "Traceback",
        '{"session_id": "s-1"}',
        "base64 /w==",
        "null",
        "redriven",
        "ada",
    ):
        assert text in outcome.out, text


def test_a_letter_cannot_steer_the_terminal(agentctl: Agentctl, services: HttpAnswers) -> None:
    """Fails if any field were printed as it came."""
    evil = "\x1b[2Jevil\x9b"
    view = letter_view(
        error_class=evil,
        error_message=evil,
        stack=evil,
        service=evil,
        event_type=evil,
        session_id=evil,
        headers=[{"name": evil, "text": evil, "base64": "eA=="}],
        key={"size": 3, "text": evil, "base64": "eA=="},
        body={"size": 3, "text": evil, "base64": "eA=="},
        why_not=evil,
    )
    services.on(f"{LIST}/{LETTER}", view)
    services.on(LIST, {"items": [view], "next": None})

    printed = agentctl("dlq", "show", LETTER).out + agentctl("dlq", "list").out

    assert "\\x1b[2Jevil" in printed
    assert "\x1b" not in printed
    assert "\x9b" not in printed


def test_long_texts_are_cut_unless_all_is_asked_for(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    body = {"size": 9000, "text": "x" * 9000, "base64": ""}
    stack = "\n".join(f"line {number}" for number in range(100))
    services.on(f"{LIST}/{LETTER}", letter_view(body=body, stack=stack))

    short, full = agentctl("dlq", "show", LETTER), agentctl("dlq", "show", LETTER, "--full")

    assert "x" * 3000 not in short.out
    assert "line 0\n" not in short.out
    assert "line 99" in short.out
    assert "--full" in short.out
    assert "x" * 9000 in full.out
    assert "line 0\n" in full.out


def test_a_redrive_says_who_and_why_and_can_be_repeated_safely(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(redrive_of(LETTER), result_view())

    outcome = agentctl("dlq", "redrive", LETTER, "--operator", "ada", "--reason", "mended")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"{LETTER}  sent to agent-runtime.metrics.retry (1 redrive so far)\n"
    [asked] = services.asked
    assert asked.body == {"operator": "ada", "reason": "mended", "dry_run": False}
    assert asked.headers["idempotency-key"]


def test_a_dry_run_says_what_would_happen(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(redrive_of(LETTER), result_view(dry_run=True))

    outcome = agentctl("dlq", "redrive", LETTER, "--dry-run")

    assert outcome.out == f"{LETTER}  would be sent to agent-runtime.metrics.retry\n"
    assert services.asked[0].body["dry_run"] is True
    assert services.asked[0].body["operator"]


def test_of_several_letters_the_refused_ones_are_named_and_the_command_fails(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(redrive_of(OTHER), {"detail": "the letter is discarded"}, status=409)
    services.on(redrive_of(LETTER), result_view())

    outcome = agentctl("dlq", "redrive", OTHER, LETTER)

    assert outcome.code == 1
    assert outcome.out.startswith(f"{LETTER}  sent to")
    assert outcome.err == f"{OTHER}  dead_letters: the letter is discarded\n"
    as_json = agentctl("dlq", "redrive", OTHER, LETTER, "--json")
    assert as_json.code == 1
    assert [("error" in each) for each in as_json.data] == [True, False]


def test_a_letter_is_discarded_with_a_reason(agentctl: Agentctl, services: HttpAnswers) -> None:
    path = f"POST /dead_letters/v1/dead-letters/{LETTER}/discard"
    services.on(path, result_view(action="discarded", topic=None))

    without = agentctl("dlq", "discard", LETTER)
    outcome = agentctl("dlq", "discard", LETTER, "--reason", "gone", "--operator", "ada")

    assert (without.code, outcome.code) == (2, 0)
    assert outcome.out == f"{LETTER}  discarded\n"
    [asked] = services.asked
    assert asked.body == {"operator": "ada", "reason": "gone"}
