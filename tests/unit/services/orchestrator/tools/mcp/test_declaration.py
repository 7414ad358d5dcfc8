# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from pydantic import ValidationError

from services.orchestrator.tools.mcp import McpServer, McpServers
from shared.errors import ConfigurationError

TOOLS = {"search": "read_only"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either command or url"),
        ({"command": ["a"], "url": "http://x/mcp"}, "either command or url"),
        ({"url": "file:///etc/passwd"}, "URL scheme should be 'http' or 'https'"),
        ({"url": "http://x", "environment": {"A": "1"}}, "environment goes with command"),
        ({"command": ["a"], "headers": {"A": "1"}}, "headers with url"),
        ({"command": ["a"], "environment": {"A=B": "1"}}, "pattern"),
        ({"command": ["a"], "tools": {}}, "at least 1"),
        ({"command": ["a"], "tools": {"x": "often"}}, "read_only"),
    ],
)
def test_a_declaration_that_is_wrong_says_why(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        McpServer.model_validate({"tools": TOOLS, **fields})


@pytest.mark.parametrize(
    ("prefix", "name"),
    [({}, "web_search"), ({"prefix": ""}, "search"), ({"prefix": "w-"}, "w-search")],
)
def test_tools_are_called_by_their_server_or_by_another_prefix(
    prefix: dict[str, str], name: str
) -> None:
    server = McpServer.model_validate({"command": ["a"], "tools": TOOLS, **prefix})

    assert server.tool_names("web") == {name: "search"}


def test_a_variable_that_is_not_set_is_found_at_the_start() -> None:
    server = McpServer.model_validate(
        {"url": "http://x/mcp", "tools": TOOLS, "headers": {"Authorization": "Bearer ${TOKEN}"}}
    )

    with pytest.raises(ConfigurationError, match=r"mcp_servers.web: set TOKEN"):
        McpServers({"web": server}, {})
