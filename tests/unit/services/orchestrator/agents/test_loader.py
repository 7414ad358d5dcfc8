# SPDX-License-Identifier: Apache-2.0
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.orchestrator.agents.loader import load_catalogue
from services.orchestrator.tools.registry import ToolRegistry
from shared.errors import ConfigurationError
from tests.support.agents_files import agents_file

TOOLS = ToolRegistry().arguments


def document() -> dict[str, Any]:
    return {
        "default_agent": "one",
        "agents": {
            "one": {"description": "d", "instructions": "i", "handover": ["two"]},
            "two": {"description": "d", "instructions": "i", "tools": ["read_file"]},
        },
    }


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def refusal(tmp_path: Path, content: object) -> str:
    """Return what the loader says about a file that it refuses; always one line."""
    with pytest.raises(ConfigurationError) as caught:
        load_catalogue(written(tmp_path, content), tools=TOOLS)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_packaged_file_declares_the_six_agents() -> None:
    catalogue = load_catalogue(tools=TOOLS)

    names = [agent.name for agent in catalogue.all()]
    assert names == ["orchestrator", "coder", "architect", "debug", "ask", "universal"]
    assert catalogue.default.name == "orchestrator"
    assert set(catalogue.targets("orchestrator")) == set(names) - {"orchestrator"}


def test_the_packaged_agents_start_no_programs() -> None:
    for agent in load_catalogue(tools=TOOLS).all():
        assert "run_command" not in agent.tools
        assert not agent.commands


def test_agents_that_name_no_model_get_the_default(tmp_path: Path) -> None:
    content = document()
    content["agents"]["two"]["model"] = "openai:gpt-5"
    content["agents"]["one"]["model"] = None

    catalogue = load_catalogue(written(tmp_path, content), tools=TOOLS, default_model="ollama:x")

    assert catalogue.get("one").model == "ollama:x"
    assert catalogue.get("two").model == "openai:gpt-5"


@pytest.mark.parametrize(
    ("agent", "field", "value", "expected"),
    [
        (
            "two",
            "tools",
            ["fly"],
            "agent 'two', field 'tools': unknown tool 'fly'; write one of: list",
        ),
        ("two", "tools", ["hand_over"], "unknown tool 'hand_over'"),
        (
            "two",
            "tools",
            "read_file",
            "field 'tools': input should be a valid list; write a list of",
        ),
        (
            "one",
            "handover",
            ["three"],
            "field 'handover': unknown agent 'three'; write one of: two",
        ),
        ("one", "handover", ["one"], "unknown agent 'one'"),
        (
            "two",
            "commands",
            ["ls"],
            "field 'commands': write it together with the tool 'run_command'",
        ),
        ("two", "tools", ["run_command"], "field 'commands': write it together"),
        ("two", "approval", [{"tool": "fly"}], "field 'approval.0.tool': unknown tool 'fly'"),
        (
            "two",
            "approval",
            [{"tool": "*_file", "when": {"file": "*"}}],
            "field 'approval.0.when': unknown argument 'file'; write one of: content",
        ),
        (
            "two",
            "approval",
            [{"tol": "x"}],
            "field 'approval.0.tool': field required; write the name",
        ),
        ("two", "budgets", {"max_steps": 0}, "field 'budgets.max_steps': input should be greater"),
        (
            "two",
            "budgets",
            {"max_steps": 0},
            "; write how often a model is asked in one turn, 1 to",
        ),
        ("two", "warmth", 1, "agent 'two', field 'warmth': extra inputs are not permitted"),
        ("two", "warmth", 1, "; the fields are: description, instructions, model"),
        (
            "two",
            "description",
            None,
            "field 'description': field required; write what it is good at",
        ),
        ("two", "instructions", "", "field 'instructions'"),
        ("two", "temperature", 3, "field 'temperature': input should be less"),
    ],
)
def test_a_wrong_field_is_named_with_its_agent_and_what_to_write(
    tmp_path: Path, agent: str, field: str, value: object, expected: str
) -> None:
    content = document()
    content["agents"][agent][field] = value

    said = refusal(tmp_path, content)

    assert said.startswith(f"mine.yaml: agent '{agent}', field '")
    assert expected in said


def test_names_and_the_shape_of_the_file_are_checked(tmp_path: Path) -> None:
    content = document()
    content["default_agent"] = "three"
    assert "field 'default_agent': unknown agent 'three'; write one of: one, two" in refusal(
        tmp_path, content
    )

    content = document()
    content["agents"]["Bad Name"] = content["agents"]["two"]
    assert "agent 'Bad Name', field 'name'" in refusal(tmp_path, content)

    content = document()
    content["agents"]["two"] = "text"
    assert "agent 'two'" in refusal(tmp_path, content)

    content = document()
    content["agents"] = ["one"]
    assert "field 'agents'" in refusal(tmp_path, content)

    assert "field 'default_agent'" in refusal(tmp_path, {"agents": {}})
    assert "field 'agent'" in refusal(tmp_path, {**document(), "agent": {}})


def test_several_problems_are_counted(tmp_path: Path) -> None:
    content = document()
    content["agents"]["two"] = {}

    assert re.search(r"\(and 1 more\)$", refusal(tmp_path, content))


def test_a_file_that_cannot_be_read_is_told_with_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="set ORCHESTRATOR_AGENTS_FILE"):
        load_catalogue(tmp_path / "none.yaml", tools=TOOLS)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="no UTF-8"):
        load_catalogue(binary, tools=TOOLS)


def test_tools_that_clients_run_are_known_to_agents_and_their_rules(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"what": {"type": "string"}}}
    tools = {"pick": {"description": "has the user pick", "parameters": schema}}
    rule = {"tool": "pick", "when": {"what": "x"}}
    path = agents_file(tmp_path, {"a": {"tools": ["pick"], "approval": [rule]}}, client_tools=tools)

    catalogue = load_catalogue(path, tools={})

    assert catalogue.client_tools["pick"].name == "pick"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"description": ""}, "field 'client_tools.pick.description'"),
        ({"explanation": "x"}, "the fields are: description, parameters, timeout"),
        ({"parameters": {"type": "array"}}, "the schema has to be of type object"),
        ({"timeout": 0}, "write seconds that the client has"),
    ],
)
def test_a_wrong_field_of_a_tool_of_clients_is_named(
    tmp_path: Path, fields: dict[str, object], said: str
) -> None:
    tools = {"pick": {"description": "has the user pick", **fields}}

    with pytest.raises(ConfigurationError, match=re.escape(said)):
        load_catalogue(agents_file(tmp_path, {"a": {}}, client_tools=tools), tools={})
