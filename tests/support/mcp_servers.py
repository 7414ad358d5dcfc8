# SPDX-License-Identifier: Apache-2.0
"""MCP servers for tests: real programs, started here or reached over HTTP."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from services.orchestrator.tools import ToolContext, Workspace
from services.orchestrator.tools.mcp import McpServer, McpServers
from services.orchestrator.tools.mcp.tool import McpTool
from tests.support.repository import ROOT

PROGRAM = ("-m", "tests.support.mcp_program")
TOOLS = ("add", "environment", "effect", "long", "refuse", "hang", "die")
EFFECT = UUID("01a22036-4266-84e6-ad58-c7ba4c9df2d4")


def over_stdio(**fields: Any) -> dict[str, Any]:
    """Declare the server as a program."""
    tools = dict.fromkeys(TOOLS, "non_repeatable")
    return {"command": [sys.executable, *PROGRAM, "stdio"], "tools": tools, **fields}


@asynccontextmanager
async def over_http(**fields: Any) -> AsyncGenerator[dict[str, Any]]:
    """Run the server behind an address until the end of the block, and declare it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *PROGRAM, "http", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    try:
        tools = dict.fromkeys(TOOLS, "non_repeatable")
        yield {"url": f"http://127.0.0.1:{port}/mcp", "tools": tools, **fields}
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def connected(
    declaration: Mapping[str, Any], variables: Mapping[str, str] | None = None
) -> AsyncGenerator[dict[str, McpTool]]:
    """Give the tools of a server by their names there, until the end of the block."""
    server = McpServer.model_validate(declaration)
    servers = McpServers({"test": server}, variables or {})
    await servers.start()
    try:
        yield {tool.remote_name: tool for tool in servers.tools}
    finally:
        await servers.stop()


async def call(tool: McpTool, workspace: Workspace, **arguments: Any) -> str:
    """Call a tool as the engine does, and return what it gave."""
    context = ToolContext(session_id="s", effect_id=EFFECT, workspace=workspace)
    return (await tool.call(tool.validate(arguments), context)).content
