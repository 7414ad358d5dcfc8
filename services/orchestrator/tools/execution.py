# SPDX-License-Identifier: Apache-2.0
"""Making a call so that, whatever the tool does, the model gets a bounded answer in time."""

import asyncio
import logging

from services.orchestrator.tools.arguments import JsonObject
from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.tool import Tool, ToolContext, ToolResult

logger = logging.getLogger(__name__)

MAX_RESULT = 100_000
"""How many characters of a result a model gets to see."""


async def execute(tool: Tool, arguments: JsonObject, context: ToolContext) -> ToolResult:
    """Call a tool with arguments that its ``validate`` returned.

    Raises:
        ToolOutcomeUnknown: it took longer than it may, or failed inside.
        ToolError: the tool said that it cannot be done.
    """
    try:
        async with asyncio.timeout(context.time_limit.total_seconds()):
            result = await tool.call(arguments, context)
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
    return _bounded(result)


def _bounded(result: ToolResult) -> ToolResult:
    if len(result.content) <= MAX_RESULT:
        return result
    note = f"\n(only the first {MAX_RESULT} characters are shown)"
    return ToolResult(content=result.content[:MAX_RESULT] + note, truncated=True)
