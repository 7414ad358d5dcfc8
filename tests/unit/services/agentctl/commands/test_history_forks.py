# SPDX-License-Identifier: Apache-2.0
"""``agentctl history forks`` and ``knowledge``: what they print."""

from typing import Any

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

FORKS = "GET /persistence/v1/sessions/s-2/forks"
KNOWLEDGE = "GET /persistence/v1/sessions/s-1/knowledge"


def node(session_id: str, depth: int, at: int | None, title: str | None = None) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "depth": depth,
        "forked_at_sequence": at,
        "messages": 2,
        "title": title,
    }


def test_forks_stand_below_what_they_were_forked_from(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    items = [
        node("s-1", 0, None, "Boxes of eggs"),
        node("s-2", 1, 5),
        node("s-3", 2, 9, "x\x1b[2J" + "y" * 200),
        node("s-4", 1, 25),
    ]
    services.on(FORKS, {"session_id": "s-2", "items": items, "truncated": True})

    outcome = agentctl("history", "forks", "s-2")

    assert outcome.code == 0
    lines = [each.rstrip() for each in outcome.out.splitlines()]
    assert lines[:2] == ["s-1  2 messages  Boxes of eggs", "├── s-2  at 5  2 messages"]
    assert lines[2].startswith("│   └── s-3  at 9  2 messages  x\\x1b[2Jyyy")
    assert lines[3:] == ["└── s-4  at 25  2 messages", "… and more"]
    assert outcome.widest <= 100


def test_what_each_agent_knew_is_told_apart(agentctl: Agentctl, services: HttpAnswers) -> None:
    message = {"sequence": 4, "role": "user", "agent": None, "content": "12 boxes of 6"}
    question = {"tool": "write_file", "approval_id": "a-1"}
    first = {"agent": "coder", "in_charge": True, "sequence": 25}
    before = {"agent": "architect", "in_charge": False, "sequence": 9}
    services.on(
        KNOWLEDGE,
        {
            "agents": [
                {**first, "messages": [message], "approvals": [question]},
                {**before, "messages": [], "approvals": []},
            ]
        },
    )

    outcome = agentctl("history", "knowledge", "s-1", "--at", "25")

    assert outcome.code == 0
    assert services.asked[0].query == {"at": ["25"]}
    assert [each.rstrip() for each in outcome.out.splitlines()] == [
        "coder: in charge, after event 25",
        "    4  user  12 boxes of 6",
        "       write_file waits for a person: a-1",
        "",
        "architect: in charge until event 9",
    ]
