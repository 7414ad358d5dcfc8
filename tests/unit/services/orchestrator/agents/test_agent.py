# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import ValidationError

from services.orchestrator.agents.agent import Agent
from services.orchestrator.agents.approval import ApprovalRule


def agent(**fields: object) -> Agent:
    required = {
        "name": "coder",
        "description": "codes",
        "instructions": "Code.",
        "model": "offline",
    }
    return Agent.model_validate({**required, **fields})


def test_a_model_is_told_first_who_it_is() -> None:
    assert agent().prompt == 'You are the agent "coder": codes\n\nCode.'


def test_the_first_rule_that_matches_decides() -> None:
    narrow = {"tool": "write_file", "when": {"path": "*.env"}, "expires_after": 60}
    coder = agent(approval=[narrow, {"tool": "write_file"}])

    assert coder.approval_rule("write_file", {"path": ".env"}) == ApprovalRule.model_validate(
        narrow
    )
    assert coder.approval_rule("write_file", {"path": "a"}) == ApprovalRule(tool="write_file")
    assert coder.approval_rule("read_file", {"path": ".env"}) is None


def test_the_policy_has_another_version_when_and_only_when_the_rules_change() -> None:
    rules = [{"tool": "write_file", "when": {"path": "*.env", "content": "*"}}]
    turned = [{"when": {"content": "*", "path": "*.env"}, "tool": "write_file"}]

    version = agent(approval=rules).policy_version

    assert agent(approval=turned, description="other").policy_version == version
    assert agent(approval=[]).policy_version != version
    assert agent(approval=[{**rules[0], "expires_after": 1}]).policy_version != version


def test_an_agent_does_not_change() -> None:
    with pytest.raises(ValidationError):
        agent().model = "other"  # type: ignore[misc]
