# SPDX-License-Identifier: Apache-2.0
"""Two points compared, and what each agent knew at one."""

import pytest

from shared.events import AgentSwitchedEvent, ApprovalRequested, AssistantReplied
from tests.support.conversations import conversation, place_of
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected

DIFF = "/v1/sessions/session-1/diff"


async def test_what_was_added_and_changed_between_two_points(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    reply = place_of(events, AssistantReplied)

    found = await history.get(DIFF, **{"from": reply - 1, "to": reply})

    assert (found["from"]["sequence"], found["to"]["sequence"]) == (reply - 1, reply)
    assert [each["content"] for each in found["messages"]["added"]] == ["tidied up"]
    assert found["session"]["messages"] == {"before": 1, "after": 2}
    assert found["messages"]["removed"] == found["messages"]["changed"] == []
    [turn] = found["turns"]["changed"]
    assert turn["key"] == {"turn_id": "turn-1"}
    assert turn["fields"]["reply_id"]["before"] is None


async def test_backwards_it_is_the_other_way_round(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)

    forward = await history.get(DIFF, **{"from": 3, "to": len(events)})
    back = await history.get(DIFF, **{"from": len(events), "to": 3})

    for part in ("messages", "turns", "tool_calls", "approvals"):
        assert back[part]["removed"] == forward[part]["added"]
        assert back[part]["added"] == []
    assert {name: (each["after"], each["before"]) for name, each in back["session"].items()} == {
        name: (each["before"], each["after"]) for name, each in forward["session"].items()
    }


async def test_a_point_is_no_different_from_itself(history: TestHistory) -> None:
    await history.take(*conversation())

    found = await history.get(DIFF, **{"from": 5, "to": 5})

    assert found["session"] == {}
    assert found["turns"] == {"added": [], "removed": [], "changed": []}


async def test_an_agent_that_is_not_in_charge_knows_what_it_knew(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    switch = place_of(events, AgentSwitchedEvent)

    found = await history.get("/v1/sessions/session-1/knowledge")

    now, before = found["agents"][0], found["agents"][-1]
    assert (now["agent"], now["in_charge"], now["sequence"]) == ("coder", True, len(events))
    assert (before["in_charge"], before["sequence"]) == (False, switch - 1)
    assert len(now["messages"]) == 3


async def test_open_questions_are_known_until_they_are_answered(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    asked = place_of(events, ApprovalRequested)

    then = await history.get("/v1/sessions/session-1/knowledge", at=asked)
    now = await history.get("/v1/sessions/session-1/knowledge")

    assert [each["approval_id"] for each in then["agents"][0]["approvals"]] == ["approval-1"]
    assert now["agents"][0]["approvals"] == []
