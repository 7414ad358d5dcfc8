# SPDX-License-Identifier: Apache-2.0
from typing import Any

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers


def erased(session_id: str, *forks: str) -> dict[str, Any]:
    return {"session_id": session_id, "forks": list(forks)}


def path(session_id: str) -> str:
    return f"POST /orchestrator/v1/sessions/{session_id}/erase"


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
