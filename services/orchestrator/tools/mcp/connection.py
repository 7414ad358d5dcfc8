# SPDX-License-Identifier: Apache-2.0
"""The connection to one MCP server, kept for as long as this process lives."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from mcp import Client, MCPError
from mcp.client import Transport
from mcp.types import (
    CONNECTION_CLOSED,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    CallToolResult,
    Tool,
)

from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.mcp.declaration import McpServer
from shared.messaging.guard import PROBING
from shared.scrubbing import scrub

logger = logging.getLogger(__name__)

HEALTH = timedelta(seconds=30)
"""How often a quiet server is asked for its tools, to see that it lives and what they take."""

REFUSALS = {INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND}
"""Errors that say that nothing was done."""

PAGES = 20
EFFECT_ID = "agent-runtime/effect_id"


class McpConnection:
    """Connects, looks after the connection, and connects again, in a task of its own.

    A server that is down costs the calls of its tools and nothing else.
    """

    def __init__(self, name: str, server: McpServer, connect: Callable[[], Transport]) -> None:
        self.name = name
        self._server = server
        self._connect = connect
        self._client: Client | None = None
        self._tools: Mapping[str, Tool] = MappingProxyType({})
        self._reason = "it was not started"
        self._connected = asyncio.Event()
        self._broken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def tool(self, name: str) -> Tool | None:
        """Return what the server last said of a tool; None before it was ever reached."""
        return self._tools.get(name)

    async def start(self) -> None:
        """Begin to connect; nobody waits for it."""
        self._task = asyncio.create_task(self._run(), name=f"mcp {self.name}")

    async def stop(self) -> None:
        """Close the connection, and end the program if there is one."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def call(
        self, tool: str, arguments: Mapping[str, object], effect_id: UUID
    ) -> CallToolResult:
        """Call a tool, once.

        Raises:
            ToolError: the server cannot be reached, or refuses; nothing was done.
            ToolOutcomeUnknown: it did not answer in time, or went away during the call.
        """
        client = await self._ready()
        try:
            return await client.call_tool(
                tool,
                dict(arguments),
                read_timeout_seconds=self._server.timeout.total_seconds(),
                meta=_meta(effect_id),
            )
        except MCPError as error:
            raise self._failed(tool, error) from error
        except Exception as error:  # whatever the SDK raises, the call was made
            self._lose()
            raise ToolOutcomeUnknown(
                f"{tool}: the server {self.name} went away ({type(error).__name__}); "
                "see what it has done"
            ) from error

    def _failed(self, tool: str, error: MCPError) -> ToolError:
        if error.code in REFUSALS:
            return ToolError(f"{tool}: {scrub(error.message)[:500]}")
        if error.code == CONNECTION_CLOSED:
            self._lose()
        return ToolOutcomeUnknown(f"{tool}: {scrub(error.message)[:500]}; see what it has done")

    def _lose(self) -> None:
        """Have the connection made anew; calls wait for it from now on."""
        self._connected.clear()
        self._broken.set()

    async def _ready(self) -> Client:
        try:
            async with asyncio.timeout(self._server.connect_timeout.total_seconds()):
                await self._connected.wait()
        except TimeoutError:
            raise ToolError(
                f"the server {self.name} cannot be reached ({self._reason}); try something else"
            ) from None
        if self._client is None:
            raise ToolError(f"the server {self.name} has just gone away; try again")
        return self._client

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001 -- a task that ends connects never again
                self._reason = _why(error)
                logger.warning("mcp server is down", extra={"mcp": self.name, "why": self._reason})
            failures = 1 if self._client else failures + 1
            self._connected.clear()
            self._client = None
            await asyncio.sleep(PROBING.delay(attempt=failures).total_seconds())

    async def _session(self) -> None:
        """Hold a connection until it breaks."""
        self._broken.clear()
        limit = self._server.connect_timeout.total_seconds()
        async with asyncio.timeout(limit) as opening:
            async with Client(self._connect(), read_timeout_seconds=limit, cache=None) as client:
                self._tools = await _tools(client)
                opening.reschedule(None)
                self._client = client
                self._connected.set()
                logger.info("mcp server is there", extra={"mcp": self.name})
                await self._watch(client)

    async def _watch(self, client: Client) -> None:
        while True:
            try:
                async with asyncio.timeout(HEALTH.total_seconds()):
                    await self._broken.wait()
            except TimeoutError:
                self._tools = await _tools(client)
            else:
                return


async def _tools(client: Client) -> Mapping[str, Tool]:
    found: dict[str, Tool] = {}
    cursor: str | None = None
    for _ in range(PAGES):
        page = await client.list_tools(cursor=cursor)
        found |= {tool.name: tool for tool in page.tools}
        cursor = page.next_cursor
        if cursor is None:
            break
    return MappingProxyType(found)


def _meta(effect_id: UUID) -> Any:
    return {EFFECT_ID: str(effect_id)}


def _why(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return scrub(str(error))[:200] or type(error).__name__
