# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

SESSION = "01890a5d-ac96-774b-bcce-b302099a8057"
ID = "01890a5d-ac96-774b-bcce-b302099a8058"
PATH = f"/orchestrator/v1/sessions/{SESSION}/approvals"


def approval(**fields: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "session_id": SESSION,
        "turn_id": "t",
        "agent": "coder",
        "tool": "write_file",
        "arguments": {"path": ".env", "content": "A=1\nB=\x1b[2J2", "mode": {"x": [1]}},
        "arguments_digest": "d" * 64,
        "kind": "call",
        "state": "open",
        "decided_by": None,
        "reason": None,
        "requested_at": "2026-03-01T12:00:00Z",
        "expires_at": "2026-03-01T13:00:00Z",
        "decided_at": None,
        **fields,
    }


def test_what_waits_in_all_sessions_is_listed(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on("GET /orchestrator/v1/approvals", [approval()])

    outcome = agentctl("approvals", "list", "--limit", "3")

    assert outcome.out.splitlines()[1].split() == [ID, "open", "2026-03-01", "13:00:00"]
    for text in ('coder: write_file {"path": ".env"', f"session {SESSION}"):
        assert text in outcome.out
    assert outcome.widest <= 100
    assert services.asked[0].query == {"limit": ["3"]}


def test_what_waited_in_one_session_is_listed(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"GET {PATH}", [approval(state="rejected"), approval()], [])

    listed = agentctl("approvals", "list", SESSION, "--limit", "1", "--json")
    none = agentctl("approvals", "list", SESSION, "--state", "open")
    refused = agentctl("approvals", "list", "--state", "rejected")

    assert [each["state"] for each in listed.data] == ["open"]
    assert none.out == "nothing waits for a decision\n"
    assert refused.err == "agentctl: name a session to see what is not open any more\n"


def test_arguments_are_shown_so_that_they_can_be_read(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Safeguard: ``safe``; the arguments are a model's, and must not steer the terminal."""
    decided = {"state": "approved", "decided_by": "ann", "decided_at": "2026-03-01T12:30:00Z"}
    services.on(f"GET {PATH}", [approval(**decided)])

    outcome = agentctl("approvals", "show", SESSION, ID)

    assert outcome.out.split("arguments\n")[1].splitlines() == [
        "  path: .env",
        "  content: A=1",
        "    B=\\x1b[2J2",
        "  mode: {",
        '      "x": [',
        "        1",
        "      ]",
        "    }",
    ]
    assert "2026-03-01 12:30:00 UTC by ann" in outcome.out


@pytest.mark.parametrize(
    ("command", "decision", "said"),
    [("approve", "approve", "approved by bob"), ("reject", "reject", "rejected by bob")],
)
def test_a_decision_is_about_the_arguments_that_were_shown(
    agentctl: Agentctl, services: HttpAnswers, command: str, decision: str, said: str
) -> None:
    """Safeguard: the digest goes along."""
    services.on(f"GET {PATH}", [approval()])
    services.on(f"POST {PATH}/{ID}", approval(state=said.split()[0], decided_by="bob"))

    outcome = agentctl("approvals", command, SESSION, "--by", "bob", "--reason", "looked at it")

    assert outcome.code == 0
    assert outcome.out.splitlines()[-1] == said
    assert "content: A=1" in outcome.out
    assert services.asked[0].query == {"state": ["open"]}
    assert services.asked[1].body == {
        "decision": decision,
        "decided_by": "bob",
        "reason": "looked at it",
        "arguments_digest": "d" * 64,
        "arguments": None,
    }


def test_a_digest_that_was_seen_before_can_be_named(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(f"GET {PATH}", [approval()])
    services.on(f"POST {PATH}/{ID}", {"detail": "the decision is about others"}, status=409)

    outcome = agentctl("approvals", "approve", SESSION, ID, "--digest", "e" * 64)

    assert services.asked[1].body["arguments_digest"] == "e" * 64
    assert (outcome.code, outcome.err) == (
        1,
        "agentctl: orchestrator: the decision is about others\n",
    )


def test_a_call_is_edited_with_arguments_of_the_line_or_of_a_file(
    agentctl: Agentctl, services: HttpAnswers, tmp_path: Path
) -> None:
    file = tmp_path / "new.json"
    file.write_text('{"path": "b"}')
    services.on(f"GET {PATH}", [approval()])
    services.on(f"POST {PATH}/{ID}", approval(state="edited", decided_by="bob"))

    for given in ('{"path": "b"}', f"@{file}"):
        agentctl("approvals", "edit", SESSION, ID, "--arguments", given)
    bad = [
        agentctl("approvals", "edit", SESSION, ID, "--arguments", given).err
        for given in ("{", "[]", "@nothing")
    ]

    asked = [each.body for each in services.asked if each.method == "POST"]
    assert [each["arguments"] for each in asked] == [{"path": "b"}] * 2
    assert "no JSON" in bad[0]
    assert "JSON object" in bad[1]
    assert "nothing cannot be read" in bad[2]


def test_it_has_to_be_clear_which_call_is_meant(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"GET {PATH}", [], [approval(), approval(id="other")])

    none = agentctl("approvals", "approve", SESSION)
    many = agentctl("approvals", "approve", SESSION)
    unknown = agentctl("approvals", "approve", SESSION, "x")

    assert none.err.endswith("waits for a decision\n")
    assert many.err == f"agentctl: 2 calls wait; name one of them: {ID}, other\n"
    assert "has no approval x" in unknown.err
    assert all(each.method == "GET" for each in services.asked)
