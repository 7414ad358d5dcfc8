# SPDX-License-Identifier: Apache-2.0
import pytest

from services.agentctl.addresses import DEFAULT_PORTS
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers


@pytest.fixture
def all_ready(services: HttpAnswers) -> HttpAnswers:
    for name in DEFAULT_PORTS:
        services.on(f"GET /{name}/readyz", {"status": "ready", "service": name, "reasons": {}})
    return services


@pytest.mark.usefixtures("all_ready")
def test_when_all_are_ready_the_command_succeeds(agentctl: Agentctl) -> None:
    outcome = agentctl("status")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("ready") == len(DEFAULT_PORTS)


def test_one_that_waits_says_why_and_the_command_fails(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    reasons = {"Kafka": "paused: PostgreSQL is down"}
    services.on(
        "GET /audit/readyz",
        {"status": "waiting", "service": "audit", "reasons": reasons},
        status=503,
    )

    outcome = agentctl("status", "--json")

    assert outcome.code == 1
    assert outcome.data["audit"]["state"] == "waiting"
    assert outcome.data["audit"]["reasons"] == reasons


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hello", "what answers there is no service of ours"),
        ({"status": "ready", "service": "metrics", "reasons": {}}, "metrics answers there"),
    ],
)
def test_another_program_at_the_address_is_noticed(
    agentctl: Agentctl, services: HttpAnswers, body: object, reason: str
) -> None:
    services.on("GET /audit/readyz", body)

    outcome = agentctl("status", "--json")

    assert outcome.data["audit"] == {
        "url": f"{services.url}/audit",
        "state": "down",
        "reasons": {"HTTP": reason},
    }
