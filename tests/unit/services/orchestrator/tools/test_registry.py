# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.tools.calculate import CALCULATE
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.registry import BUILT_IN, ToolRegistry
from shared.errors import ConfigurationError


def test_every_built_in_tool_says_what_a_crash_means_for_it() -> None:
    assert {tool.name: tool.safety for tool in BUILT_IN} == {
        "list_files": "read_only",
        "read_file": "read_only",
        "write_file": "idempotent",
        "edit_file": "retryable",
        "search_files": "read_only",
        "run_command": "non_repeatable",
        "calculate": "read_only",
    }


def test_tools_are_declared_to_models_with_the_schema_of_their_arguments() -> None:
    (offered,) = ToolRegistry().offer(["read_file"])

    assert offered.name == "read_file"
    assert offered.parameters_json_schema["required"] == ["path"]
    assert offered.parameters_json_schema["additionalProperties"] is False


def test_the_switch_is_offered_only_with_agents_to_switch_to() -> None:
    registry = ToolRegistry()

    assert [tool.name for tool in registry.offer(["calculate"], targets={})] == ["calculate"]
    assert [tool.name for tool in registry.offer([], targets={"coder": "codes"})] == ["hand_over"]


def test_the_arguments_of_all_tools_are_known_by_name() -> None:
    arguments = ToolRegistry().arguments

    assert arguments["write_file"] == {"path", "content"}
    assert arguments["hand_over"] == {"to_agent", "reason", "confidence"}


def test_a_tool_that_a_model_made_up_is_told() -> None:
    with pytest.raises(ToolError, match="no tool 'fly'"):
        ToolRegistry().get("fly")


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two tools 'calculate'"):
        ToolRegistry([CALCULATE, CALCULATE])
