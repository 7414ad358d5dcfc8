# SPDX-License-Identifier: Apache-2.0
"""Tools that block: what can be done about one that takes too long, and what cannot."""

import asyncio
import sys
import threading
from collections.abc import Generator
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta

import pytest

from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.execution import execute
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from tests.support.repository import ROOT

SHORT = timedelta(milliseconds=50)


class Nothing(Arguments):
    pass


class Blocking:
    """A tool that blocks until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.made = 0
        self.tool = FunctionTool(
            name="block",
            description="d",
            safety="non_repeatable",
            arguments=Nothing,
            function=self._call,
        )

    async def _call(self, _arguments: Nothing, context: ToolContext) -> ToolResult:
        self.made += 1
        return ToolResult(content=str(await context.in_thread(self.go.wait, timeout=60)))


@pytest.fixture
def blocking() -> Generator[Blocking]:
    blocking = Blocking()
    yield blocking
    blocking.go.set()


async def test_while_a_call_goes_on_that_took_too_long_no_other_is_made_in_its_session(
    blocking: Blocking, context: ToolContext
) -> None:
    """Safeguard: ``_after_earlier`` in ``tools/execution.py``."""
    short = replace(context, time_limit=SHORT)
    with pytest.raises(ToolOutcomeUnknown, match="longer than"):
        await execute(blocking.tool, {}, short)

    with pytest.raises(ToolError, match="not made") as caught:
        await execute(blocking.tool, {}, short)

    assert not isinstance(caught.value, ToolOutcomeUnknown)
    assert blocking.made == 1


async def test_the_next_call_is_made_as_soon_as_it_has_ended(
    blocking: Blocking, context: ToolContext
) -> None:
    with pytest.raises(ToolOutcomeUnknown):
        await execute(blocking.tool, {}, replace(context, time_limit=SHORT))

    following = asyncio.create_task(execute(blocking.tool, {}, context))
    blocking.go.set()

    assert (await following).content == "True"
    assert blocking.made == 2


async def test_other_sessions_are_not_held_up_however_many_calls_go_on(
    blocking: Blocking, context: ToolContext
) -> None:
    """Safeguard: a thread of its own; the pool of the loop has a few, for everybody."""
    for number in range(40):
        stuck = replace(context, session_id=f"session {number}", time_limit=timedelta(0))
        with pytest.raises(ToolOutcomeUnknown):
            await execute(blocking.tool, {}, stuck)
    other = replace(context, session_id="other")
    async with asyncio.timeout(20):
        assert await other.in_thread(lambda: "there") == "there"


async def test_what_the_function_raises_is_raised(context: ToolContext) -> None:
    def fail(error: Exception) -> None:
        raise error

    with pytest.raises(KeyError):
        await context.in_thread(fail, KeyError("k"))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await context.in_thread(fail, StopIteration())


async def test_the_function_sees_the_variables_of_whoever_calls_it(context: ToolContext) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("seen")

    assert await context.in_thread(variable.get) == "seen"


async def test_a_thread_that_goes_on_does_not_keep_the_process_from_ending() -> None:
    """Safeguard: it is a daemon; the loop waits for the threads of its pool."""
    script = (
        "import asyncio, threading\n"
        "from services.orchestrator.tools.threads import ToolThreads\n"
        "async def main():\n"
        "    waiting = ToolThreads().run('s', threading.Event().wait)\n"
        "    try: await asyncio.wait_for(waiting, 0.05)\n"
        "    except TimeoutError: print('over')\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 120)
    finally:
        if process.returncode is None:
            process.kill()

    assert (said, process.returncode) == (b"over\n", 0)
