# SPDX-License-Identifier: Apache-2.0
"""Runs a program in the workspace, if the agent's declaration allows it."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from services.orchestrator.tools.command_limits import CommandLimits
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.program import Finished, run_program
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult

_KEEP = 64 * 1024
_SHARE = 0.9
"""Of the time for the call, so that a program that is stopped can still be reported."""


def _no_nul(word: str) -> str:
    if "\0" in word:
        raise ValueError("a word of a command has no NUL character")
    return word


Word = Annotated[str, Field(max_length=4096), AfterValidator(_no_nul)]


class RunCommand(Arguments):
    """Which program, with which words; there is no shell that would interpret them."""

    argv: list[Word] = Field(
        min_length=1,
        max_length=64,
        description='the program and its arguments, for example ["python3", "hello.py"]',
    )
    seconds: int = Field(default=30, ge=1, le=300, description="stop it after this many seconds")


async def run_command(arguments: RunCommand, context: ToolContext) -> ToolResult:
    """Return the status of the program and the beginning of what it printed."""
    program = arguments.argv[0]
    if program not in context.commands:
        allowed = ", ".join(sorted(context.commands)) or "none"
        raise ToolError(f"{program!r} may not be run here; allowed: {allowed}")
    try:
        finished = await run_program(
            arguments.argv,
            directory=context.workspace.files,
            time_limit=min(timedelta(seconds=arguments.seconds), context.time_limit * _SHARE),
            keep=_KEEP,
            limits=context.command_limits,
        )
    except OSError as error:
        raise ToolError(f"{program!r} cannot be started: {error.strerror}") from None
    content = _report(finished, context.command_limits)
    return ToolResult(content=content, truncated=finished.truncated)


def _report(finished: Finished, limits: CommandLimits) -> str:
    if finished.flooded:
        how = "stopped: it printed without end"
    elif finished.limit:
        how = f"stopped: {_exceeded(finished.limit, limits)}"
    elif finished.status is None:
        how = "stopped: its time was over"
    else:
        how = f"exit status {finished.status}"
    output = finished.output.decode(errors="replace")
    rest = "\n(the rest of the output is left out)" if finished.truncated else ""
    return f"{how}\n{output}{rest}"


def _exceeded(limit: str, limits: CommandLimits) -> str:
    match limit:
        case "memory":
            return f"it took more than {limits.memory} MiB of memory"
        case "cpu_time":
            return f"it used more than {limits.cpu_time} s of processor time"
        case "processes":
            return f"there were more than {limits.processes} processes of it"
        case _:
            return "it ended what runs it"


RUN_COMMAND = FunctionTool(
    name="run_command",
    description="Run a program in the workspace, without a shell, and see what it prints.",
    safety="non_repeatable",
    arguments=RunCommand,
    function=run_command,
)
