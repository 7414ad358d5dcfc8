# SPDX-License-Identifier: Apache-2.0
"""``agentctl`` against a real HTTP server that stands for all services."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from services.agentctl.addresses import DEFAULT_PORTS
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):  # noqa: TID251 -- what a developer has set must not matter
        if name.startswith("AGENTCTL_") or name in {"COLUMNS", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def agentctl(capsys: pytest.CaptureFixture[str]) -> Agentctl:
    """Run commands against whatever the environment names."""
    return Agentctl(capture=capsys)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Generator[HttpAnswers]:
    """A server that all services are at, each below a path of its name."""
    with HttpAnswers() as server:
        for name in DEFAULT_PORTS:
            monkeypatch.setenv(f"AGENTCTL_{name.upper()}_URL", f"{server.url}/{name}")
        yield server
