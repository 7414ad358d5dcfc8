# SPDX-License-Identifier: Apache-2.0
"""Schemas of clients are checked before they are used: some would take for ever."""

from typing import Any

import pytest

from services.orchestrator.tools.client_schema import MAX_BYTES, MAX_DEPTH, require_plain_schema


def of(**more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {}, **more}


def doubling(levels: int) -> dict[str, Any]:
    """Return definitions each of which leads to the next one twice."""
    link = {name: {"allOf": [{"$ref": f"#/$defs/d{name + 1}"}] * 2} for name in range(levels)}
    defs = {f"d{name}": schema for name, schema in link.items()} | {f"d{levels}": {}}
    return of(**{"$defs": defs, "$ref": "#/$defs/d0"})


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"not": schema}
    return of(**schema)


@pytest.mark.parametrize(
    "schema",
    [
        of(),
        of(properties={"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"type": "string"}}}),
        of(properties={"$ref": {"type": "string"}}),
        doubling(4),
    ],
)
def test_ordinary_schemas_are_accepted(schema: dict[str, Any]) -> None:
    require_plain_schema(schema)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "of type object"),
        ({"type": "nonsense"}, "no JSON Schema"),
        (of(**{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}), "back to itself"),
        (doubling(12), "parts"),
        (of(**{"$ref": "#/$defs/none"}), "leads nowhere"),
        (of(**{"$ref": "http://127.0.0.1/schema"}), "does not lead into"),
        (of(patternProperties={"(a+)+$": {}}), "cannot be used"),
        (of(description="x" * MAX_BYTES), "bytes"),
        (nested(MAX_DEPTH + 1), "deep"),
        (of(default=float("nan")), "no JSON"),
        (of(description="\ud800"), "no JSON"),
    ],
)
def test_what_would_take_for_ever_or_cannot_be_recorded_is_refused(
    schema: dict[str, Any], said: str
) -> None:
    """Safeguard: ``_Expansion`` measures before anything follows a reference."""
    with pytest.raises(ValueError, match=said):
        require_plain_schema(schema)
