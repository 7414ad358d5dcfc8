# SPDX-License-Identifier: Apache-2.0
"""Choices of letters, redriven and discarded."""

from typing import Any

import pytest
import typer

from tests.support.agentctl import Agentctl
from tests.support.dead_letter_views import FINGERPRINT, OTHER, letter_view, result_view
from tests.support.http_answers import HttpAnswers

LETTERS = "/dead_letters/v1/dead-letters"
CHOICE = ("--group", FINGERPRINT, "--operator", "ada", "--wait", "0", "--json")


def letter_id(number: int) -> str:
    return f"01890a5d-ac96-774b-bcce-{number:012}"


def letter(number: int, **changes: Any) -> dict[str, Any]:
    view = letter_view(id=letter_id(number), sequence=number, redrive_count=0, **changes)
    full = ("service_version", "cause_class", "stack", "key", "body", "headers", "places")
    return {name: value for name, value in view.items() if name not in full}


def page(*letters: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"items": list(letters), "next": after}


def came_back(number: int) -> dict[str, Any]:
    return letter(number) | {"redrive_id": OTHER, "redrive_count": 1}


def accept(services: HttpAnswers, *numbers: int, **changes: Any) -> None:
    for number in numbers:
        services.on(f"POST {LETTERS}/{letter_id(number)}/redrive", result_view(**changes))


def sent(services: HttpAnswers) -> list[str]:
    return [each.path.split("/")[-2] for each in services.asked if each.method == "POST"]


def test_a_choice_is_sent_by_session_and_sequence_the_oldest_first(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Fails if the order were that of the list, which is the newest first."""
    young = letter(1, first_failed_at="2026-03-05T12:00:00Z", aggregate_id="s-2")
    odd = letter(4, aggregate_id="s-1") | {"sequence": None}
    services.on(f"GET {LETTERS}", page(young, odd, letter(3), after=letter_id(3)), page(letter(2)))
    accept(services, 1, 2, 3, 4)

    outcome = agentctl("dlq", "redrive", *CHOICE, "--stop-on-failures", "1")

    expected = [letter_id(number) for number in (2, 3, 4, 1)]
    assert (outcome.code, sent(services)) == (0, expected)
    assert [each["id"] for each in outcome.data] == expected
    assert services.asked[0].query["status"] == ["open"]
    assert services.asked[1].query["cursor"] == [letter_id(3)]
    body = services.asked[2].body
    assert body == {"operator": "ada", "reason": "", "dry_run": False, "redrive_count": 0}


def test_a_dry_run_of_a_choice_says_what_would_be_sent_and_sends_nothing(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(f"GET {LETTERS}", page(letter(2), letter(1)))
    accept(services, 1, 2, dry_run=True)

    outcome = agentctl("dlq", "redrive", "--service", "metrics", "--dry-run")

    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"{letter_id(1)}  s-1 #1 would be sent to agent-runtime.metrics.retry",
        f"{letter_id(2)}  s-1 #2 would be sent to agent-runtime.metrics.retry",
        "2 letters: 2 would be sent",
    ]
    assert all(each.body["dry_run"] for each in services.asked if each.method == "POST")


@pytest.mark.parametrize(
    ("share", "code", "sent_letters", "outcomes"),
    [
        ("0.4", 1, 2, ["came back", "sent", "not sent", "not sent"]),
        ("0.5", 0, 4, ["came back", "sent", "sent", "sent"]),
        ("1", 0, 4, ["came back", "sent", "sent", "sent"]),
    ],
)
def test_it_stops_when_more_than_the_share_of_a_batch_comes_back(
    agentctl: Agentctl,
    services: HttpAnswers,
    share: str,
    code: int,
    sent_letters: int,
    outcomes: list[str],
) -> None:
    """Fails if the next batch were sent whatever came of the last."""
    chosen = page(*(letter(number) for number in (1, 2, 3, 4)))
    services.on(f"GET {LETTERS}", chosen, page(came_back(1)))
    accept(services, 1, 2, 3, 4)

    outcome = agentctl("dlq", "redrive", *CHOICE, "--batch", "2", "--stop-on-failures", share)

    assert (outcome.code, len(sent(services))) == (code, sent_letters)
    assert [each["outcome"] for each in outcome.data] == outcomes
    assert ("1 of the last 2 letters came back" in outcome.err) == bool(code)


def test_only_a_letter_that_failed_after_this_very_redrive_came_back(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    under_way = came_back(1) | {"status": "redriven"}
    of_another = came_back(2) | {"redrive_id": letter_id(9)}
    services.on(f"GET {LETTERS}", page(letter(1), letter(2)), page(under_way, of_another))
    accept(services, 1, 2)

    outcome = agentctl("dlq", "redrive", *CHOICE, "--stop-on-failures", "0")

    assert (outcome.code, {each["outcome"] for each in outcome.data}) == (0, {"sent"})
    assert services.asked[-1].query["id"] == [letter_id(1), letter_id(2)]


def test_a_letter_that_was_handled_is_said_to_be_and_not_waited_for(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Safeguard: the wait of an hour ends when all are done."""
    handled = came_back(1) | {"status": "resolved"}
    services.on(f"GET {LETTERS}", page(letter(1)), page(handled))
    accept(services, 1)
    options = ("--group", FINGERPRINT, "--operator", "ada", "--wait", "3600", "--json")

    outcome = agentctl("dlq", "redrive", *options)

    assert (outcome.code, [each["outcome"] for each in outcome.data]) == (0, ["handled"])


def test_a_refused_letter_does_not_hold_up_the_others(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(f"GET {LETTERS}", page(letter(1), letter(2)), page())
    refusal = {"detail": "redriven meanwhile"}
    services.on(f"POST {LETTERS}/{letter_id(1)}/redrive", refusal, status=409)
    accept(services, 2)

    outcome = agentctl("dlq", "redrive", *CHOICE)

    assert (outcome.code, len(sent(services))) == (1, 2)
    assert [each["outcome"] for each in outcome.data] == ["refused", "sent"]


@pytest.mark.parametrize("action", ["redrive", "discard"])
@pytest.mark.parametrize(
    "choice", [(), ("--service", "metrics", OTHER), ("--status", "redriven"), ("--status", "x")]
)
def test_without_a_clear_choice_nothing_is_done(
    agentctl: Agentctl, services: HttpAnswers, action: str, choice: tuple[str, ...]
) -> None:
    """Fails if no filter meant all letters."""
    outcome = agentctl("dlq", action, *choice, "--reason", "mended")

    assert (outcome.code, services.asked) == (1, [])


@pytest.mark.parametrize("action", ["redrive", "discard"])
def test_a_person_is_asked_before_many_letters_are_changed(
    agentctl: Agentctl, services: HttpAnswers, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    services.on(f"GET {LETTERS}", page(letter(1), letter(2)))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []

    def no(question: str, **_: Any) -> None:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", no)

    outcome = agentctl("dlq", action, "--kind", "fatal", "--reason", "r")

    assert (outcome.code, asked, sent(services)) == (1, [f"{action} 2 letters?"], [])


def test_a_choice_is_discarded_with_a_reason(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"GET {LETTERS}", page(letter(2), letter(1)))
    for number in (1, 2):
        path = f"POST {LETTERS}/{letter_id(number)}/discard"
        services.on(path, result_view(action="discarded", topic=None))

    without = agentctl("dlq", "discard", "--kind", "fatal")
    dry = agentctl("dlq", "discard", "--kind", "fatal", "--reason", "gone", "--dry-run")
    untouched = sent(services)
    outcome = agentctl("dlq", "discard", "--kind", "fatal", "--reason", "gone", "--by", "ada")

    assert (without.code, dry.code, untouched, outcome.code) == (2, 0, [], 0)
    assert dry.out == "".join(f"{letter_id(each)}  would be discarded\n" for each in (1, 2))
    assert sent(services) == [letter_id(1), letter_id(2)]
    assert services.asked[-1].body == {"operator": "ada", "reason": "gone"}
