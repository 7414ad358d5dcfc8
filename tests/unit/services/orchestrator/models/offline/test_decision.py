# SPDX-License-Identifier: Apache-2.0
"""What the offline model does in a situation."""

from typing import Literal

import pytest
from pydantic_ai.messages import ToolCallPart, ToolReturnPart

from services.orchestrator.models.offline.decision import decide
from services.orchestrator.models.offline.situation import Outcome, Situation
from services.orchestrator.models.offline.step import Call

OTHERS = ("orchestrator", "coder", "architect", "debug", "ask")


def situation(
    request: str,
    *,
    agent: str = "coder",
    tools: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    outcomes: tuple[Outcome, ...] = (),
    visited: tuple[str, ...] = (),
) -> Situation:
    return Situation(
        agent=agent,
        request=request,
        outcomes=outcomes,
        visited=frozenset({agent, *visited}),
        tools=frozenset(tools),
        targets=targets,
        calls_before=0,
    )


def outcome(
    tool: str,
    said: str,
    state: Literal["success", "failed", "denied"] = "success",
    **arguments: object,
) -> Outcome:
    return Outcome(
        call=ToolCallPart(tool, arguments, tool_call_id="1"),
        result=ToolReturnPart(tool, said, "1", outcome=state),
    )


def called(decision: tuple[Call, ...] | str) -> list[str]:
    assert not isinstance(decision, str)
    return [call.tool for call in decision]


def target(decision: tuple[Call, ...] | str) -> object:
    assert not isinstance(decision, str)
    (call,) = decision
    assert call.tool == "hand_over"
    return call.arguments["to_agent"]


@pytest.mark.parametrize(
    ("request_text", "to"),
    [
        ("write a.txt with: x", "coder"),
        ("create some code", "coder"),
        ("design a system", "architect"),
        ("make a plan", "architect"),
        ("fix this bug", "debug"),
        ("here is a traceback", "debug"),
        ("what is in a.txt?", "ask"),
        ("which files are there", "ask"),
    ],
)
def test_an_agent_without_tools_hands_over_by_topic(request_text: str, to: str) -> None:
    decision = decide(situation(request_text, agent="orchestrator", targets=OTHERS[1:]))

    assert target(decision) == to


def test_an_agent_with_the_tool_uses_it_instead_of_handing_over() -> None:
    decision = decide(
        situation("write a.txt with: x", agent="ask", tools=("write_file",), targets=OTHERS)
    )

    assert called(decision) == ["write_file"]


def test_without_the_right_agent_the_orchestrator_is_asked_and_then_the_universal_one() -> None:
    request = "write a.txt with: x"

    assert (
        target(decide(situation(request, agent="ask", targets=("orchestrator", "debug"))))
        == "orchestrator"
    )
    assert target(decide(situation(request, agent="ask", targets=("universal",)))) == "universal"


def test_nobody_gets_the_same_request_twice() -> None:
    decision = decide(
        situation("write a.txt with: x", agent="ask", targets=("coder",), visited=("coder",))
    )

    assert isinstance(decision, str)
    assert "I have no tool write_file" in decision


def test_steps_are_made_one_after_another_and_then_told() -> None:
    request = "write a.txt with: x; read a.txt and b.txt; calculate 1+1"
    tools = ("write_file", "read_file", "calculate")
    wrote = outcome("write_file", "wrote a.txt (1 bytes)", path="a.txt", content="x")
    first = outcome("read_file", "x", path="a.txt")
    second = outcome("read_file", "y", path="b.txt")
    value = outcome("calculate", "2", expression="1+1")

    decisions = [
        decide(situation(request, tools=tools, outcomes=outcomes))
        for outcomes in ((), (wrote,), (wrote, first, second), (wrote, first, second, value))
    ]

    assert [called(decision) for decision in decisions[:3]] == [
        ["write_file"],
        ["read_file", "read_file"],
        ["calculate"],
    ]
    assert decisions[3] == ("Done: wrote a.txt (1 bytes).\na.txt says:\nx\nb.txt says:\ny\n1+1 = 2")


def test_of_calls_that_belong_together_only_the_missing_ones_are_made() -> None:
    first = outcome("read_file", "x", path="a.txt")

    decision = decide(situation("read a.txt and b.txt", tools=("read_file",), outcomes=(first,)))

    assert isinstance(decision, tuple)
    assert [call.arguments["path"] for call in decision] == ["b.txt"]


def test_a_step_for_another_agent_is_handed_over_after_the_steps_before_it() -> None:
    request = "write a.txt with: x; then find the bug"
    wrote = outcome("write_file", "wrote a.txt (1 bytes)", path="a.txt")
    here = situation(request, tools=("write_file",), targets=OTHERS, outcomes=(wrote,))
    there = situation(request, agent="debug", outcomes=(wrote,), visited=("coder",))

    answer = decide(there)

    assert target(decide(here)) == "debug"
    assert isinstance(answer, str)
    assert answer.startswith(
        'Done: wrote a.txt (1 bytes).\nThis is debug. You asked: "find the bug"'
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("failed", "I could not do it with write_file on a.txt: the disk is full"),
        ("denied", "I did not call write_file on a.txt, because it was not approved: the disk"),
    ],
)
def test_a_call_that_failed_ends_the_work_and_is_told(
    state: Literal["failed", "denied"], said: str
) -> None:
    wrote = outcome("write_file", "the disk is full", state, path="a.txt")

    decision = decide(
        situation("write a.txt with: x; ls", tools=("write_file", "list_files"), outcomes=(wrote,))
    )

    assert isinstance(decision, str)
    assert decision.startswith(said)


def test_a_switch_that_is_asked_for_is_made_once() -> None:
    request = "hand over to ask; list files"
    before = decide(situation(request, targets=("ask",)))
    after = decide(situation(request, agent="ask", tools=("list_files",), visited=("coder",)))
    alone = decide(situation("switch to ask", agent="ask"))

    assert target(before) == "ask"
    assert called(after) == ["list_files"]
    assert alone == "This is ask. What shall I do?"


def test_a_switch_that_is_not_possible_is_told() -> None:
    decision = decide(situation("switch to nobody", targets=("ask",)))

    assert isinstance(decision, str)
    assert "I may not hand over to nobody." in decision


def test_a_request_that_is_not_understood_is_quoted_by_the_agent_that_got_it() -> None:
    decision = decide(situation("hello   there\n" + "x" * 300))

    assert isinstance(decision, str)
    assert decision.startswith('This is coder. You asked: "hello there xxx')
    assert "…" in decision
    assert "offline model" in decision


def test_any_tool_can_be_called_by_name() -> None:
    counted = outcome("count", "3", by=2)

    assert called(decide(situation('call count {"by": 2}', tools=("count",)))) == ["count"]
    assert (
        decide(situation('call count {"by": 2}', tools=("count",), outcomes=(counted,)))
        == "count: 3"
    )
