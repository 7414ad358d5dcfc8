# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/agents.md do what the page says."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4  # noqa: TID251 -- any id will do

import pytest

from services.orchestrator.agents import load_catalogue
from services.orchestrator.models import ModelProviderSettings, build_model
from services.orchestrator.tools import BUILT_IN, ToolContext, ToolRegistry, Workspace
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "agents.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
TEN = 10


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", examples("yaml"))
def test_the_files_are_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "agents.yaml"
    path.write_text(text)

    assert load_catalogue(path, tools=ToolRegistry().arguments).default.tools


def test_the_fallback_stands_in_for_the_model(tmp_path: Path) -> None:
    (text,) = [each for each in examples("yaml") if "fallback_model" in each]
    path = tmp_path / "agents.yaml"
    path.write_text(text)

    agent = load_catalogue(path, tools=ToolRegistry().arguments).default

    assert agent.models == ("offline", "openai:my-model")


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:ORCHESTRATOR|RETRY)_[A-Z_]+)`", PAGE)))
)
def test_the_variables_are_settings(name: str) -> None:
    """Those in the prose of the page; a wrong name would be silently without effect."""
    assert f"| `{name}`" in CONFIGURATION


async def test_the_tool_is_called(tmp_path: Path) -> None:
    (text,) = examples("python")
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102 -- our own page
    tool = ToolRegistry([*BUILT_IN, names["GREET"]]).get("greet")
    context = ToolContext(session_id="s", effect_id=uuid4(), workspace=Workspace(tmp_path))

    result = await tool.call(tool.validate({"name": "Ann"}), context)

    assert result.content == "Hello, Ann!"


def test_the_provider_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in examples("sh")[0].splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    settings = ModelProviderSettings()

    assert build_model(settings.agent_model, settings).model_name == "my-model"


def test_an_agent_a_tool_and_a_provider_take_ten_lines_each() -> None:
    for text in (examples("yaml")[0], examples("python")[0], examples("sh")[0]):
        assert len([line for line in text.splitlines() if line.strip()]) <= TEN
