# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.tools import ToolError
from services.orchestrator.tools.schema import checked, require_object_schema

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}},
    "required": ["name"],
}


def test_arguments_that_fit_come_back() -> None:
    assert checked('{"name": "ann"}', SCHEMA, tool="t") == {"name": "ann"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "no JSON"),
        ("[]", "an object"),
        ("null", "an object"),
        ("{}", "'name' is a required property"),
        ({"name": 5}, "name: 5 is not of type 'string'"),
        ({"name": "Ann"}, "does not match"),
        ({"name": "a", "n": float("nan")}, "no JSON that can be recorded"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: object, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        checked(arguments, SCHEMA, tool="t")


def test_a_pattern_cannot_keep_the_process_busy() -> None:
    """Safeguard: RE2 in place of Python's engine, which takes for ever on this."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}

    with pytest.raises(ToolError, match="does not match"):
        checked({"a": "a" * 5000 + "!"}, schema, tool="t")


def test_a_reference_leads_nowhere_outside() -> None:
    """Safeguard: an empty registry; jsonschema would fetch the address."""
    schema = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}}

    with pytest.raises(ToolError, match="cannot be checked"):
        checked({"a": 1}, schema, tool="t")


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"type": "string"}, {}])
def test_only_a_schema_of_objects_describes_arguments(schema: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="schema"):
        require_object_schema(schema)
