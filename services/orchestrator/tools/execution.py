# SPDX-License-Identifier: Apache-2.0
"""Making a call so that, whatever the tool does, the model gets a bounded answer in time."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from services.orchestrator.tools.arguments import JsonObject
from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.tool import Reconciles, Tool, ToolContext, ToolResult

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_RESULT = 100_000
"""How many characters of a result a model gets to see."""


async def execute(tool: Tool, arguments: JsonObject, context: ToolContext) -> ToolResult:
    """Call a tool with arguments that its ``validate`` returned.

    Raises:
        ToolOutcomeUnknown: it took longer than it may, or failed inside.
        ToolError: the tool said that it cannot be done; or an earlier call of the session that
            nobody waits for any more has not ended, and this one was not made.
    """
    await _after_earlier(context)
    return _bounded(await _guarded(tool, tool.call(arguments, context), context))


async def reconcile(tool: Tool, arguments: JsonObject, context: ToolContext) -> ToolResult | None:
    """Find out what a call gave that was cut off; None if it had no effect.

    Raises:
        ToolOutcomeUnknown: the tool cannot tell.
    """
    if not isinstance(tool, Reconciles):
        raise ToolOutcomeUnknown(f"{tool.name} cannot tell what the call has done")
    await _after_earlier(context)
    result = await _guarded(tool, tool.reconcile(arguments, context), context)
    return None if result is None else _bounded(result)


async def _after_earlier(context: ToolContext) -> None:
    """Wait for what blocks in the session, as long as a call may take."""
    try:
        async with asyncio.timeout(context.time_limit.total_seconds()):
            await context.threads.over(context.session_id)
    except TimeoutError:
        raise ToolError(
            "not made: an earlier call that took too long goes on in this session; try again later"
        ) from None


async def _guarded(tool: Tool, call: Awaitable[T], context: ToolContext) -> T:
    try:
        async with asyncio.timeout(context.time_limit.total_seconds()):
            return await call
    except ToolError:
        raise
    except TimeoutError:
        seconds = context.time_limit.total_seconds()
        raise ToolOutcomeUnknown(
            f"{tool.name} took longer than {seconds:g} s and was stopped; see what it has done"
        ) from None
    except Exception as error:  # a tool may come from anywhere, and must not end the turn
        logger.exception("tool failed", extra={"tool": tool.name, "session_id": context.session_id})
        raise ToolOutcomeUnknown(
            f"{tool.name} failed inside ({type(error).__name__}); see what it has done"
        ) from None


def _bounded(result: ToolResult) -> ToolResult:
    if len(result.content) <= MAX_RESULT:
        return result
    note = f"\n(only the first {MAX_RESULT} characters are shown)"
    return ToolResult(content=result.content[:MAX_RESULT] + note, truncated=True)
