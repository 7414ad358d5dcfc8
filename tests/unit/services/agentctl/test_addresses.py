# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import pytest

from services.agentctl.addresses import DEFAULT_PORTS, addresses
from services.agentctl.errors import CommandError
from services.agentctl.settings import AgentctlSettings


def stack_file(directory: Path, content: str) -> Path:
    (directory / ".agent-runtime").mkdir()
    file = directory / ".agent-runtime" / "stack.json"
    file.write_text(content)
    return file


def test_without_anything_the_services_are_where_they_are_by_default() -> None:
    found = addresses(AgentctlSettings())

    assert {name: each.url for name, each in found.items()} == {
        name: f"http://127.0.0.1:{port}" for name, port in DEFAULT_PORTS.items()
    }


def test_a_running_stack_says_where_its_services_are(tmp_path: Path) -> None:
    stack = {"pid": 1, "services": {"audit": "http://127.0.0.1:18002"}}
    stack_file(tmp_path, json.dumps(stack))

    found = addresses(AgentctlSettings())

    assert found["audit"].url == "http://127.0.0.1:18002"
    assert found["metrics"].url == "http://127.0.0.1:8003"


def test_the_environment_has_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_file(tmp_path, json.dumps({"services": {"audit": "http://127.0.0.1:18002"}}))
    monkeypatch.setenv("AGENTCTL_AUDIT_URL", "https://audit.example/")

    found = addresses(AgentctlSettings())["audit"]

    assert (found.url, found.named_by) == ("https://audit.example", "AGENTCTL_AUDIT_URL")


def test_the_stack_may_be_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = stack_file(tmp_path, json.dumps({"services": {"audit": "http://127.0.0.1:1"}}))
    monkeypatch.setenv("AGENTCTL_STATE_DIR", str(file.parent.rename(tmp_path / "other")))

    assert addresses(AgentctlSettings())["audit"].url == "http://127.0.0.1:1"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"services": 1}'])
def test_a_file_that_is_no_stack_is_named(tmp_path: Path, content: str) -> None:
    stack_file(tmp_path, content)

    with pytest.raises(CommandError, match=r"stack\.json does not hold the addresses"):
        addresses(AgentctlSettings())


def test_an_address_that_is_no_http_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCTL_AUDIT_URL", "file:///etc/passwd")

    with pytest.raises(CommandError, match="AGENTCTL_AUDIT_URL"):
        addresses(AgentctlSettings())
