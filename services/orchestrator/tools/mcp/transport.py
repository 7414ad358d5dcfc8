# SPDX-License-Identifier: Apache-2.0
"""The two ways to reach an MCP server: a program that is started here, or an address."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import StdioServerParameters, stdio_client
from mcp.client import Transport
from mcp.client.stdio import DEFAULT_INHERITED_ENV_VARS
from mcp.client.streamable_http import streamable_http_client

from services.orchestrator.tools.environment import SEARCH_PATH
from services.orchestrator.tools.mcp.declaration import McpServer, filled
from services.orchestrator.tools.mcp.standard_error import standard_error

_TIMEOUT = httpx2.Timeout(30, read=300)
"""As the SDK has it: a server may hold the stream of an answer open for long."""

Streams = Any
"""A pair of streams, whose types the SDK keeps to itself."""


def transport(name: str, server: McpServer, variables: Mapping[str, str]) -> Transport:
    """Return a new way to a server, not yet opened.

    Raises:
        ConfigurationError: the file asks for a variable that is not set.
    """
    where = f"mcp_servers.{name}"
    if server.url:
        headers = server.headers.items()
        return _http(
            str(server.url), {key: filled(value, variables, where=where) for key, value in headers}
        )
    environment = server.environment.items()
    return _program(
        name, server, {key: filled(value, variables, where=where) for key, value in environment}
    )


@asynccontextmanager
async def _http(url: str, headers: dict[str, str]) -> AsyncGenerator[Streams]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def _program(
    name: str, server: McpServer, environment: dict[str, str]
) -> AsyncGenerator[Streams]:
    async with (
        standard_error(name) as errors,
        stdio_client(_parameters(server, environment), errlog=errors) as streams,
    ):
        yield streams


def _parameters(server: McpServer, environment: dict[str, str]) -> StdioServerParameters:
    """Say how to start it, with the variables of the file, a search path, and no other.

    The SDK adds some of ours, which ``env`` takes away again.
    """
    variables = {"PATH": SEARCH_PATH, **environment}
    unwanted = [each for each in DEFAULT_INHERITED_ENV_VARS if each not in variables]
    words = [word for each in unwanted for word in ("-u", each)]
    return StdioServerParameters(
        command="/usr/bin/env", args=[*words, "--", *server.command], env=variables
    )
