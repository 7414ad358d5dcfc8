# SPDX-License-Identifier: Apache-2.0
from typing import Any

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers


def erased(session_id: str, *forks: str) -> dict[str, Any]:
    return {"session_id": session_id, "forks": list(forks)}


def imported(session_id: str, *forks: str) -> dict[str, Any]:
    return {**erased(session_id, *forks), "installations": ["there", ""]}


def path(session_id: str, service: str = "orchestrator") -> str:
    return f"POST /{service}/v1/sessions/{session_id}/erase"


def test_a_session_is_erased_by_somebody_for_a_reason(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(path("s"), erased("s"))

    outcome = agentctl("sessions", "erase", "s", "--yes", "--by", "ann", "--reason", "ticket 7")

    assert (outcome.code, outcome.out) == (0, "session s is erased\n")
    assert services.asked[0].body == {"by": "ann", "reason": "ticket 7"}


def test_nothing_is_erased_that_was_not_agreed_to(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Safeguard: the confirmation; what is erased does not come back."""
    outcome = agentctl("sessions", "erase", "s")

    assert (outcome.code, "--yes" in outcome.err) == (1, True)
    assert services.asked == []


def test_forks_that_have_what_was_said_are_named(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(path("s"), erased("s", "a", "b"))

    outcome = agentctl("sessions", "erase", "s", "--yes")

    assert "2 forks still have what was said" in outcome.out
    assert outcome.out.endswith("(--with-forks): a, b\n")


def test_forks_and_their_forks_are_erased_if_asked_for(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(path("s"), erased("s", "a"))
    services.on(path("a"), erased("a", "b"))
    services.on(path("b"), erased("b"))

    outcome = agentctl("sessions", "erase", "s", "--yes", "--with-forks")

    assert outcome.out.splitlines() == [f"session {each} is erased" for each in "sab"]


def test_what_the_orchestrator_does_not_know_is_erased_in_the_history(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(path("s"), {"detail": "there is no session 's'"}, status=404)
    services.on(path("s", "persistence"), imported("s"))

    outcome = agentctl("sessions", "erase", "s", "--yes", "--by", "ann", "--reason", "ticket 7")

    assert outcome.out == (
        "session s is erased in the history, where alone it was, by import; it came from the"
        " installation 'there' and an installation without a name, and has to be erased there, too"
        "\n"
    )
    assert services.asked[1].body == {"by": "ann", "reason": "ticket 7"}


def test_the_history_is_not_asked_for_what_the_orchestrator_refuses(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Safeguard: ``NotThereError`` alone; else a session would be erased in one service of six."""
    services.on(path("s"), {"detail": "turn 2 of the session is running"}, status=409)
    services.on(path("s", "persistence"), imported("s"))

    outcome = agentctl("sessions", "erase", "s", "--yes")

    assert (outcome.code, "turn 2" in outcome.err) == (1, True)
    assert len(services.asked) == 1


def test_it_is_said_what_both_answered(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(path("s"), {"detail": "there is no session 's'"}, status=404)
    services.on(path("s", "persistence"), {"detail": "it came over a topic"}, status=409)

    outcome = agentctl("sessions", "erase", "s", "--yes")

    assert outcome.code == 1
    assert "there is no session 's'; persistence: it came over a topic" in outcome.err


def test_forks_are_erased_wherever_each_of_them_is(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(path("s"), erased("s", "a"))
    services.on(path("a", "persistence"), imported("a"))

    outcome = agentctl("sessions", "erase", "s", "--yes", "--with-forks", "--json")

    assert [(each["session_id"], each["service"]) for each in outcome.data] == [
        ("s", "orchestrator"),
        ("a", "persistence"),
    ]
