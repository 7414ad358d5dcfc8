# SPDX-License-Identifier: Apache-2.0
"""Tools of MCP servers that are real processes."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from services.orchestrator.tools import ToolError, ToolOutcomeUnknown, Workspace
from services.orchestrator.tools.mcp.tool import McpTool
from tests.support.mcp_servers import EFFECT, call, connected, over_http, over_stdio

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATIENT = {"connect_timeout": 60, "timeout": 60}

Tools = dict[str, McpTool]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tools() -> AsyncGenerator[Tools]:
    declaration = over_stdio(environment={"TOKEN": "is ${SECRET}"}, max_output=1000, **PATIENT)
    async with connected(declaration, {"SECRET": "known", "OTHER": "hidden"}) as tools:
        yield tools


async def test_a_tool_of_a_program_is_called(tools: Tools, workspace: Workspace) -> None:
    assert await call(tools["add"], workspace, a=2, b=3) == "5"
    assert tools["add"].description == "Add two numbers."


async def test_a_program_sees_the_variables_of_the_file_and_a_search_path(
    tools: Tools, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: ``env -u``; the SDK would hand on HOME, USER, SHELL and others."""
    found = json.loads(await call(tools["environment"], workspace))

    found.pop("LC_CTYPE", None)  # Python sets it for itself
    assert found == {"TOKEN": "is known", "PATH": "/usr/local/bin:/usr/bin:/bin"}


async def test_a_call_brings_the_name_of_its_effect(tools: Tools, workspace: Workspace) -> None:
    meta = json.loads(await call(tools["effect"], workspace))

    assert meta["agent-runtime/effect_id"] == str(EFFECT)


async def test_a_long_result_is_cut(tools: Tools, workspace: Workspace) -> None:
    """Safeguard: ``max_output``."""
    text = await call(tools["long"], workspace, length=10_000)

    assert text == "x" * 1000 + "\n(only the first 1000 characters are shown)"


async def test_arguments_are_checked_before_a_call(tools: Tools) -> None:
    with pytest.raises(ToolError, match="'x' is not of type 'integer'"):
        tools["add"].validate({"a": "x", "b": 1})


async def test_what_a_tool_refuses_is_an_error_for_the_model(
    tools: Tools, workspace: Workspace
) -> None:
    with pytest.raises(ToolError, match="too big") as raised:
        await call(tools["refuse"], workspace, reason="too big")

    assert not isinstance(raised.value, ToolOutcomeUnknown)


async def test_a_program_that_dies_in_a_call_leaves_its_outcome_unknown_and_is_started_again(
    tools: Tools, workspace: Workspace
) -> None:
    """Safeguard: the connection's own task, which connects again."""
    await call(tools["add"], workspace, a=1, b=1)
    with pytest.raises(ToolOutcomeUnknown):
        await call(tools["die"], workspace)

    assert await call(tools["add"], workspace, a=2, b=2) == "4"


async def test_a_server_at_an_address_is_called_and_one_that_hangs_is_not_waited_for(
    workspace: Workspace,
) -> None:
    async with over_http(connect_timeout=60, timeout=60) as declaration:
        async with connected(declaration) as tools:
            assert await call(tools["add"], workspace, a=20, b=22) == "42"
        async with connected(declaration | {"timeout": 0.1}) as tools:
            with pytest.raises(ToolOutcomeUnknown, match="timed out"):
                await call(tools["hang"], workspace)


async def test_a_server_that_is_down_costs_the_call(workspace: Workspace) -> None:
    declaration = {
        "url": "http://127.0.0.1:9/mcp",
        "tools": {"add": "read_only"},
        "connect_timeout": 0.2,
    }
    async with connected(declaration) as tools:
        with pytest.raises(ToolError, match="the server test cannot be reached"):
            await call(tools["add"], workspace, a=1, b=2)
