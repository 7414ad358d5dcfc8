# SPDX-License-Identifier: Apache-2.0
"""docs/history.md, run command by command: what it prints is what the page shows."""

import asyncio
import json
import re
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import System
from tests.support.agentctl import Agentctl, Outcome
from tests.support.eventually import eventually
from tests.support.repository import ROOT

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
CURL = re.compile(r"curl -s --json '(?P<body>.*)' \"?http://127.0.0.1:8000(?P<path>[^\"?]*)")
CHANGING = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "ID",
    r"\d{4}-\d\d-\d\d": "DAY",
    r"\d\d:\d\d:\d\d(\.\d+)?": "TIME",
    r"\d+ ms|\d+\.\d s": "TOOK",
}


@dataclass(frozen=True)
class Step:
    """A command of the page, and the lines that it is shown to print."""

    command: str
    printed: list[str] = field(default_factory=list[str])


def steps() -> list[Step]:
    """Return the commands of the page in order."""
    found: list[Step] = []
    for block in BLOCK.findall((ROOT / "docs" / "history.md").read_text()):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            elif line.strip():
                found[-1].printed.append(fixed(line))
    return found


def fixed(line: str) -> str:
    """Return a line with all that is other at each run replaced by its kind."""
    for pattern, kind in CHANGING.items():
        line = re.sub(pattern, kind, line)
    return line.rstrip()


def missing(outcome: Outcome, step: Step) -> list[str]:
    """Return the lines that were not printed, or not in the order of the page."""
    lines = iter([fixed(each) for each in outcome.out.splitlines()])
    return [each for each in step.printed if each not in lines]


async def test_the_page_on_history_is_true(
    system: System,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, url in system.stack.addresses.services.items():
        monkeypatch.setenv(f"AGENTCTL_{name.upper()}_URL", url)
    agentctl = Agentctl(capture=capsys)
    names: dict[str, str] = {}
    latest = ""
    told = 0

    for step in steps():
        if asked := CURL.match(step.command):
            path = expanded(asked["path"], names)
            wait = {"wait": 30} if path.endswith("/messages") else {}
            answer: Any = await system.services.post(
                "orchestrator", path, json.loads(asked["body"]), **wait
            )
            latest = answer["id"] if not wait else latest
            assert answer.get("state") in {"active", "completed"}, answer
        elif set_name := re.match(r"([A-Z])=", step.command):
            names[set_name[1]] = latest
        elif step.command.startswith("agentctl "):
            arguments = shlex.split(expanded(step.command, names))[1:]
            outcome = await run(partial(_in_thread, agentctl, arguments), step)
            assert outcome.code == 0, outcome.err
            told += len(step.printed)
            if "fork" in arguments:
                latest = re.findall(r"^session +(\S+)", outcome.out)[0]
    assert told > 40


async def run(command: Callable[[], Awaitable[Outcome]], step: Step) -> Outcome:
    """Run a command until it prints what the page shows; one that changes something, once."""
    outcome = await command()
    if "history fork" in step.command or "history export" in step.command:
        assert missing(outcome, step) == []
        return outcome

    async def as_shown() -> Outcome | None:
        again = await command()
        return None if missing(again, step) else again

    wanted = f"{step.command} does not print {missing(outcome, step)}"
    shown: Outcome = await eventually(as_shown, timeout=30, message=wanted)
    return shown


def expanded(text: str, names: dict[str, str]) -> str:
    """Return a text with the names of the page replaced by what they stand for here."""
    for name, value in names.items():
        text = text.replace(f"${name}", value)
    return text


async def _in_thread(agentctl: Agentctl, arguments: Sequence[str]) -> Outcome:
    return await asyncio.to_thread(agentctl, *arguments)
