# SPDX-License-Identifier: Apache-2.0
"""All MCP servers of an ``agents.yaml``."""

import asyncio
from collections.abc import Mapping
from functools import partial

from services.orchestrator.tools.mcp.connection import McpConnection
from services.orchestrator.tools.mcp.declaration import McpServer
from services.orchestrator.tools.mcp.tool import McpTool
from services.orchestrator.tools.mcp.transport import transport
from shared.health import Readiness


class McpServers:
    """Starts the servers with this process and ends them with it.

    Raises:
        ConfigurationError: the file asks for a variable that is not set.
    """

    name = "mcp servers"

    def __init__(self, servers: Mapping[str, McpServer], variables: Mapping[str, str]) -> None:
        self._connections: list[McpConnection] = []
        self.tools: list[McpTool] = []
        for name, server in servers.items():
            transport(name, server, variables)
            connection = McpConnection(name, server, partial(transport, name, server, variables))
            self._connections.append(connection)
            self.tools += _tools(name, server, connection)

    async def start(self) -> None:
        """Begin to connect to all of them; the service does not wait."""
        for connection in self._connections:
            await connection.start()

    async def stop(self) -> None:
        """Close all connections and end all programs."""
        await asyncio.gather(*(connection.stop() for connection in self._connections))

    async def readiness(self) -> Readiness:
        """Tell that this is ready: a server that is down costs the calls of its tools only."""
        return Readiness(ready=True)


def _tools(name: str, server: McpServer, connection: McpConnection) -> list[McpTool]:
    return [
        McpTool(
            name=here,
            remote_name=there,
            safety=server.tools[there],
            connection=connection,
            max_output=server.max_output,
        )
        for here, there in server.tool_names(name).items()
    ]
