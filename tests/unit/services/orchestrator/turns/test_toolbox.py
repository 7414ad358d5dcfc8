# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.agents import Agent
from services.orchestrator.domain.client_tool import ClientTool, restored, stored
from services.orchestrator.tools import ToolError, ToolRegistry
from services.orchestrator.turns.toolbox import TakenNameError, Toolboxes
from shared.errors import ConfigurationError

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def client_tool(name: str) -> ClientTool:
    return ClientTool(name=name, description="does it there", parameters=NUMBER)


def agent(*tools: str) -> Agent:
    return Agent(
        name="a", description="does", instructions="Do.", model="offline", tools=tuple(tools)
    )


def toolboxes(*declared: str) -> Toolboxes:
    return Toolboxes(ToolRegistry(), {name: client_tool(name) for name in declared})


def test_an_agent_is_offered_its_tools_and_those_that_the_client_brings() -> None:
    toolbox = toolboxes("pick", "other").of(agent("pick", "calculate"), [client_tool("here")])

    offered = toolbox.offer({"b": "does other things"})

    assert [each.name for each in offered] == ["calculate", "pick", "here", "hand_over"]
    assert offered[1].parameters_json_schema == NUMBER
    assert toolbox.client_tool("pick")
    assert toolbox.client_tool("calculate") is None
    assert toolbox.client_tool("other") is None


def test_arguments_are_checked_by_the_schema_of_the_client() -> None:
    toolbox = toolboxes("pick").of(agent("pick"))

    assert toolbox.validate("pick", '{"n": 1}') == {"n": 1}
    with pytest.raises(ToolError, match="integer"):
        toolbox.validate("pick", '{"n": "one"}')


def test_a_tool_of_the_file_is_for_the_agents_that_list_it() -> None:
    with pytest.raises(ToolError, match="no tool 'pick'"):
        toolboxes("pick").of(agent("calculate")).validate("pick", "{}")


def test_no_two_tools_have_one_name() -> None:
    """Safeguard: what a client runs would be run in the place of what this service runs."""
    with pytest.raises(ConfigurationError, match="two tools 'read_file'"):
        toolboxes("read_file")
    for taken in ("read_file", "hand_over", "pick"):
        with pytest.raises(TakenNameError, match=taken):
            toolboxes("pick").require_free([client_tool(taken)])
    toolboxes("pick").require_free([client_tool("mine")])


def test_tools_are_stored_and_read_again() -> None:
    tools = (client_tool("pick"),)

    assert restored(stored(tools)) == tools
    assert (stored(()), restored(None)) == (None, ())
