# SPDX-License-Identifier: Apache-2.0
"""An MCP server as a program: ``python -m tests.support.mcp_program stdio|http``.

Over HTTP it prints its port. Its tools can also fail in the ways that tools fail.
"""

import asyncio
import json
import os
import socket
import sys
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("test")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def environment() -> str:
    """Return all variables of this program."""
    return json.dumps(dict(os.environ))  # noqa: TID251 -- to show what it can see


@server.tool()
def effect(context: Context[Any]) -> str:
    """Return the effect id that came with the call."""
    meta: Any = context.request_context.meta
    return json.dumps(meta, default=str)


@server.tool()
def long(length: int) -> str:
    """Return a text of that length."""
    return "x" * length


@server.tool()
def refuse(reason: str) -> str:
    """Fail with a reason."""
    raise ToolError(reason)


@server.tool()
async def hang() -> str:
    """Never return."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def die() -> str:
    """End the program in the middle of the call."""
    os._exit(1)


def main() -> None:
    """Serve until the other side closes, or this program is ended."""
    if sys.argv[1] == "stdio":
        server.run("stdio")
        return
    listener = socket.create_server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 -- the test reads it
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
