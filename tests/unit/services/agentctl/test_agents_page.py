# SPDX-License-Identifier: Apache-2.0
"""The commands that docs/agents.md shows are ones that there are, with these arguments."""

import re
import shlex
from typing import Any

import pytest
from typer.main import get_command

from services.agentctl.cli import build_app
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "agents.md").read_text("utf-8")
COMMANDS = re.findall(r"(?m)^\$ (?:SESSION=\$\()?agentctl (.*?)\)?$", PAGE)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_understood(line: str) -> None:
    command: Any = get_command(build_app())
    arguments = shlex.split(line)
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]

    assert command.make_context(command.name, arguments).params


def test_the_page_shows_how_to_talk_decide_and_steer() -> None:
    verbs = {" ".join(line.split()[:2]) for line in COMMANDS}

    assert verbs >= {"sessions send", "sessions watch", "approvals approve", "sessions cancel"}
