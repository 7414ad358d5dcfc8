# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from typing import Any

from services.orchestrator.agents.catalogue import AgentCatalogue
from services.orchestrator.agents.policy import Consent, Policy

Rules = list[dict[str, Any]]


def policy(agent: str, *delegated_by: str, **rules: Rules) -> Policy:
    """Return the policy of an agent among agents with these rules."""
    required = {"description": "d", "instructions": "i", "model": "offline"}
    agents = {name: {**required, "name": name, "approval": rules[name]} for name in rules}
    catalogue = AgentCatalogue.model_validate({"default_agent": agent, "agents": agents})
    return catalogue.policy(agent, delegated_by)


def test_a_call_needs_what_the_strictest_of_the_matching_rules_says() -> None:
    rules: Rules = [
        {"tool": "write_file", "when": {"path": "*.env"}, "expires_after": 60},
        {"tool": "write_*", "four_eyes": True},
    ]
    of_coder = policy("coder", coder=rules)

    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    env, other = {"path": "a.env"}, {"path": "a"}
    assert of_coder.consent("write_file", env) == Consent(expires_after=minute, four_eyes=True)
    assert of_coder.consent("write_file", other) == Consent(expires_after=hour, four_eyes=True)
    assert of_coder.consent("read_file", env) is None


def test_the_rules_of_who_handed_over_hold_for_who_goes_on() -> None:
    """Safeguard: without it an agent has another one do what it may not do itself."""
    rules: dict[str, Rules] = {"careful": [{"tool": "write_file"}], "free": []}

    assert policy("free", **rules).consent("write_file", {}) is None
    assert policy("free", "careful", **rules).consent("write_file", {}) is not None
    assert policy("free", "gone since", **rules).consent("write_file", {}) is None


def test_the_version_changes_when_and_only_when_the_rules_do() -> None:
    rules: Rules = [{"tool": "write_file", "when": {"path": "*.env", "content": "*"}}]
    turned: Rules = [{"when": {"content": "*", "path": "*.env"}, "tool": "write_file"}]

    version = policy("a", a=rules).version

    assert policy("a", a=turned).version == version
    assert policy("b", a=[], b=rules).version == version
    assert policy("a", a=[]).version != version
    assert policy("a", a=[{**rules[0], "expires_after": 1}]).version != version
    assert policy("a", "b", a=rules, b=rules).version != version
    assert (
        policy("a", "b", "c", a=[], b=rules, c=turned).version
        == policy("a", "c", "b", a=[], b=turned, c=rules).version
    )
