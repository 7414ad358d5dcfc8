# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.orchestrator.agents.approval import ApprovalRule
from services.orchestrator.tools.write_file import WRITE_FILE


def test_a_rule_without_patterns_is_about_every_call_of_its_tool() -> None:
    rule = ApprovalRule(tool="run_command")

    assert rule.matches("run_command", {"argv": ["ls"]})
    assert not rule.matches("write_file", {"path": "a"})
    assert rule.expires_after == timedelta(hours=1)


@pytest.mark.parametrize(
    ("tool", "when", "matches"),
    [
        ("*_file", {"path": "*.env"}, True),
        ("write_file", {"path": "config/*"}, True),
        ("write_file", {"path": "CONFIG/*"}, False),
        ("write_file", {"path": "*.env", "content": "TOKEN=*"}, True),
        ("write_file", {"path": "*.env", "content": "PASSWORD=*"}, False),
        ("write_file", {"nothing": "*"}, False),
        ("read_*", {"path": "*.env"}, False),
    ],
)
def test_all_patterns_have_to_match(tool: str, when: dict[str, str], matches: bool) -> None:
    rule = ApprovalRule(tool=tool, when=when)

    assert rule.matches("write_file", {"path": "config/.env", "content": "TOKEN=1"}) is matches


def test_another_way_to_write_a_path_does_not_get_around_a_rule() -> None:
    rule = ApprovalRule(tool="write_file", when={"path": "protected/*"})

    for path in ("protected/a", "./protected/a", "protected//a", "protected/./a"):
        assert rule.matches("write_file", WRITE_FILE.validate({"path": path, "content": ""}))


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        (["git", "push", "--force"], "git push*"),
        (True, "true"),
        (30, "30"),
        ([1, 2], "?1,2]"),
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
        ([], "[[]]"),
    ],
)
def test_arguments_that_are_no_text_are_matched_as_text(value: object, pattern: str) -> None:
    assert ApprovalRule(tool="t", when={"a": pattern}).matches("t", {"a": value})


def test_a_rule_of_no_tool_or_with_other_fields_is_refused() -> None:
    with pytest.raises(ValidationError):
        ApprovalRule.model_validate({"tool": ""})
    with pytest.raises(ValidationError):
        ApprovalRule.model_validate({"tool": "a", "if": {}})
