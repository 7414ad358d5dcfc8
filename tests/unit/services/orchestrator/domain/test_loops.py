# SPDX-License-Identifier: Apache-2.0
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from services.orchestrator.domain.loops import circles, repetitions
from services.orchestrator.domain.turn import Step

Call = tuple[str, dict[str, object], str]
"""A tool, its arguments and its result."""


def recorded(*calls: tuple[str, Call]) -> list[Step]:
    """Return the steps of a turn in which each agent makes one call, all with one call id."""
    steps = [Step(0, "a", ModelRequest(parts=[UserPromptPart("go")]))]
    for agent, (tool, arguments, result) in calls:
        call = ToolCallPart(tool, arguments, tool_call_id="call-1")
        returned = ToolReturnPart(tool_name=tool, content=result, tool_call_id="call-1")
        steps.append(Step(len(steps), agent, ModelResponse(parts=[call])))
        steps.append(Step(len(steps), agent, ModelRequest(parts=[returned])))
    return steps


def read(result: str) -> Call:
    return "read_file", {"path": "a", "line": 1}, result


def to(agent: str) -> Call:
    return "hand_over", {"to_agent": agent, "reason": f"over to {agent}"}, "goes on"


READ_AGAIN = ToolCallPart("read_file", '{"line": 1, "path": "a"}')


def test_a_call_is_the_same_however_its_arguments_are_written() -> None:
    steps = recorded(("a", read("x")), ("a", read("x")))

    assert repetitions(steps, READ_AGAIN) == 2
    assert repetitions(steps, ToolCallPart("read_file", {"path": "b", "line": 1})) == 0


def test_a_call_with_another_result_each_time_is_no_loop() -> None:
    steps = recorded(("a", read("x")), ("a", read("x")), ("a", read("y")), ("a", read("y")))

    assert repetitions(steps, READ_AGAIN) == 2


def test_other_calls_in_between_do_not_hide_a_repetition() -> None:
    steps = recorded(("a", read("x")), ("a", ("calculate", {}, "1")), ("a", read("x")))

    assert repetitions(steps, READ_AGAIN) == 2


def test_handing_over_in_a_circle_is_counted_by_the_pair_of_agents() -> None:
    steps = recorded(("a", to("b")), ("b", to("a")), ("a", to("b")), ("b", to("a")))
    call = ToolCallPart("hand_over", {"to_agent": "b", "reason": "once more"})

    assert circles(steps, agent="a", call=call, hand_over="hand_over") == 2
    assert circles(steps, agent="c", call=call, hand_over="hand_over") == 0


def test_work_that_was_done_in_between_breaks_a_circle() -> None:
    steps = recorded(("a", to("b")), ("b", read("x")), ("b", to("a")))
    call = ToolCallPart("hand_over", {"to_agent": "b", "reason": "once more"})

    assert circles(steps, agent="a", call=call, hand_over="hand_over") == 0


def test_malformed_arguments_are_a_call_like_any_other() -> None:
    assert repetitions(recorded(("a", read("x"))), ToolCallPart("read_file", "{broken")) == 0
