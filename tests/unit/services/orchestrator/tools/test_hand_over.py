# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.hand_over import HandOver, hand_over_definition, parse_hand_over

TARGETS = {"coder": "writes code", "ask": "answers"}


def test_the_declaration_names_the_agents_and_what_they_do() -> None:
    declared = hand_over_definition(TARGETS)

    properties = declared.parameters_json_schema["properties"]
    assert properties["to_agent"]["enum"] == ["coder", "ask"]
    assert "- coder: writes code" in (declared.description or "")


def test_two_declarations_do_not_share_their_agents() -> None:
    first = hand_over_definition(TARGETS)
    hand_over_definition({"debug": "mends"})

    assert first.parameters_json_schema["properties"]["to_agent"]["enum"] == ["coder", "ask"]


def test_what_the_model_asked_for_is_read_from_json_or_a_mapping() -> None:
    asked = HandOver(to_agent="coder", reason="it is code", confidence=0.5)

    assert parse_hand_over(asked.model_dump(), TARGETS) == asked
    assert parse_hand_over(asked.model_dump_json(), TARGETS) == asked


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"to_agent": "debug", "reason": "x"},
            "no handing over to 'debug'; you may name: coder, ask",
        ),
        ({"to_agent": "coder"}, "reason: Field required"),
        ({"to_agent": "coder", "reason": "x", "confidence": 2}, "confidence"),
        ("{", "Invalid JSON"),
        ("", "Field required"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(arguments: object, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        parse_hand_over(arguments, TARGETS)
