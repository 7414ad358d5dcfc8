# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.embedded.cli import app


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_status_without_a_stack_is_one_line_and_a_failure(tmp_path: Path) -> None:
    code, output = _run("status", "--state-dir", str(tmp_path / "state"))

    assert code == 1
    assert output.startswith("✗ no stack is running in ")
    assert output.count("\n") == 1


def test_an_unknown_service_is_one_line_and_a_failure() -> None:
    code, output = _run("service", "unknown")

    assert code == 1
    assert output == (
        "✗ there is no service 'unknown': take one of orchestrator, persistence, audit, metrics,"
        " agent_context, dead_letters\n"
    )


def test_a_service_takes_the_place_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[tuple[str, ...]] = []

    def become(_: str, command: tuple[str, ...]) -> None:
        became.append(command)

    monkeypatch.setattr(os, "execv", become)

    code, _ = _run("service", "audit")

    assert code == 0
    assert became[0][1:] == ("-P", "-m", "services.audit")


def test_up_in_a_directory_that_cannot_be_used_is_one_line_and_a_failure(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    code, output = _run("up", "--state-dir", str(file))

    assert code == 1
    assert output.startswith("✗ cannot use ")
    assert output.count("\n") == 1
