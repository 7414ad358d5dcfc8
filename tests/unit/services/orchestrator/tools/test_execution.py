# SPDX-License-Identifier: Apache-2.0
import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.execution import MAX_RESULT, execute
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult


class Nothing(Arguments):
    pass


def tool_that(outcome: object) -> FunctionTool[Nothing]:
    async def function(_arguments: Nothing, _context: ToolContext) -> ToolResult:
        if outcome is None:
            await asyncio.Event().wait()
        if isinstance(outcome, BaseException):
            raise outcome
        return ToolResult(content=str(outcome))

    return FunctionTool(
        name="tool", description="d", safety="read_only", arguments=Nothing, function=function
    )


async def test_a_result_of_the_largest_size_is_given_whole(context: ToolContext) -> None:
    result = await execute(tool_that("x" * MAX_RESULT), {}, context)

    assert result == ToolResult(content="x" * MAX_RESULT)


async def test_a_longer_result_is_cut_and_says_so(context: ToolContext) -> None:
    result = await execute(tool_that("x" * (MAX_RESULT + 1)), {}, context)

    assert result.truncated
    assert result.content.startswith("x" * MAX_RESULT + "\n(only the first")


async def test_what_the_tool_says_itself_passes(context: ToolContext) -> None:
    with pytest.raises(ToolError, match="not that way") as caught:
        await execute(tool_that(ToolError("not that way")), {}, context)

    assert not isinstance(caught.value, ToolOutcomeUnknown)


async def test_a_tool_that_takes_too_long_is_stopped(context: ToolContext) -> None:
    short = replace(context, time_limit=timedelta(milliseconds=10))

    with pytest.raises(ToolOutcomeUnknown, match=r"longer than 0\.01 s"):
        await execute(tool_that(None), {}, short)


async def test_a_tool_that_fails_inside_does_not_end_the_turn_and_is_logged(
    context: ToolContext, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ToolOutcomeUnknown, match=r"failed inside \(KeyError\)") as caught:
        await execute(tool_that(KeyError("password")), {}, context)

    assert "password" not in str(caught.value)
    assert [record.message for record in caplog.records] == ["tool failed"]


async def test_a_cancelled_call_is_cancelled(context: ToolContext) -> None:
    call = asyncio.create_task(execute(tool_that(None), {}, context))
    await asyncio.sleep(0)

    call.cancel()
    await asyncio.wait({call})

    assert call.cancelled()
