# SPDX-License-Identifier: Apache-2.0
"""An MCP server, as ``agents.yaml`` declares it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

from services.orchestrator.tools.tool import Safety
from shared.errors import ConfigurationError
from shared.settings import Seconds

TOOL_NAME = r"^[a-zA-Z][a-zA-Z0-9_-]{0,63}$"

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]


class McpServer(BaseModel):
    """How to reach it, which of its tools may be used, and what may be done about a cut-off call.

    It is started with ``command`` or reached at ``url``. Only the tools that are listed exist: what
    a server adds later is not offered to any model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(
        default=(), description="the program and its arguments, such as [python3, server.py]"
    )
    url: HttpUrl | None = Field(
        default=None,
        description="where it speaks streamable HTTP, such as http://127.0.0.1:9000/mcp",
    )
    environment: Mapping[Name, str] = Field(
        default_factory=dict, description="all the variables it gets, such as {TOKEN: '${TOKEN}'}"
    )
    headers: Mapping[str, str] = Field(
        default_factory=dict,
        description="headers of each request, such as {Authorization: 'Bearer ${TOKEN}'}",
    )
    tools: Mapping[str, Safety] = Field(
        min_length=1,
        max_length=200,
        description="the tools that may be used, each read_only, idempotent, retryable or "
        "non_repeatable, such as {search: read_only}",
    )
    prefix: str | None = Field(
        default=None,
        pattern=r"^([a-zA-Z][a-zA-Z0-9_-]{0,39})?$",
        description="what the names of its tools begin with here; the name of the server and _",
    )
    timeout: Seconds = Field(
        default=timedelta(seconds=30), description="seconds that one call may take, such as 30"
    )
    connect_timeout: Seconds = Field(
        default=timedelta(seconds=10), description="seconds to wait for the server, such as 10"
    )
    max_output: int = Field(
        default=50_000, ge=100, le=100_000, description="characters of a result that are kept"
    )

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("write either command or url")
        if (self.headers and not self.url) or (self.environment and not self.command):
            raise ValueError("environment goes with command, and headers with url")
        return self

    def tool_names(self, server: str) -> dict[str, str]:
        """Return what its tools are called here, and what they are called there."""
        prefix = f"{server}_" if self.prefix is None else self.prefix
        return {f"{prefix}{name}": name for name in self.tools}


def filled(text: str, variables: Mapping[str, str], *, where: str) -> str:
    """Return a text with each ``${NAME}`` replaced by that variable.

    Raises:
        ConfigurationError: there is no such variable.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in variables:
            raise ConfigurationError(f"{where}: set {name}, which the file asks for")
        return variables[name]

    return _VARIABLE.sub(value, text)
