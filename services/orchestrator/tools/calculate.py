# SPDX-License-Identifier: Apache-2.0
"""Computes, because models cannot."""

from pydantic import Field

from services.orchestrator.tools.arithmetic import MAX_LENGTH, evaluate
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult


class Calculate(Arguments):
    """What to compute."""

    expression: str = Field(
        min_length=1,
        max_length=MAX_LENGTH,
        description="numbers, + - * / // % ** and parentheses, for example 2 * (3 + 4)",
    )


async def calculate(arguments: Calculate, _context: ToolContext) -> ToolResult:
    """Return the value of the expression."""
    try:
        return ToolResult(content=str(evaluate(arguments.expression)))
    except ValueError as error:
        raise ToolError(f"{arguments.expression!r}: {error}") from None


CALCULATE = FunctionTool(
    name="calculate",
    description="Compute the value of an arithmetic expression.",
    safety="read_only",
    arguments=Calculate,
    function=calculate,
)
