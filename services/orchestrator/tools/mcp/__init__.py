# SPDX-License-Identifier: Apache-2.0
"""Tools that MCP servers bring, as tools like any other."""

from services.orchestrator.tools.mcp.declaration import McpServer
from services.orchestrator.tools.mcp.servers import McpServers

__all__ = ["McpServer", "McpServers"]
