# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from deploy.docs.compatibility import incompatibilities

Schema = dict[str, Any]
OLD: Schema = {
    "properties": {
        "name": {"type": "string", "maxLength": 10},
        "count": {"type": "integer", "minimum": 0},
        "role": {"enum": ["user", "assistant"], "type": "string"},
        "note": {"type": "string", "default": ""},
    },
    "required": ["name", "count", "role"],
}


def changed(required: list[str] | None = None, **properties: Schema | None) -> Schema:
    """Return the schema with some properties replaced, or removed if None."""
    merged = {**OLD["properties"], **properties}
    return {
        "properties": {name: value for name, value in merged.items() if value is not None},
        "required": OLD["required"] if required is None else required,
    }


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(mood={"type": "string", "default": "good"}),
        changed(required=["name"]),
        changed(role={"enum": ["user", "assistant", "tool"], "type": "string"}),
        changed(name={"type": "string", "maxLength": 20}),
        changed(name={"type": "string"}),
        changed(count={"type": "integer", "minimum": -1}),
        changed(note={"type": "string", "default": "none"}),
        changed(note={"type": "string", "default": "", "description": "what was noted"}),
    ],
)
def test_what_only_grows_is_compatible(new: Schema) -> None:
    assert incompatibilities(OLD, new) == []


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (changed(note=None), "note was removed or renamed"),
        (changed(note=None, remark={"type": "string", "default": ""}), "note was removed"),
        (changed(count={"type": "string"}), "count is of another type now"),
        (changed(count={"anyOf": [{"type": "integer"}, {"type": "null"}]}), "count is of another"),
        (changed(role={"type": "string"}), "role is of another type now"),
        (changed(role={"enum": ["user"], "type": "string"}), "role no longer allows assistant"),
        (changed(role={"const": "user", "type": "string"}), "role no longer allows assistant"),
        (changed(name={"type": "string", "maxLength": 9}), "name has a tighter maxLength"),
        (changed(name={"type": "string", "minLength": 1}), "name has a tighter minLength"),
        (changed(count={"type": "integer", "minimum": 1}), "count has a tighter minimum"),
        (changed(required=["name", "count", "role", "note"]), "note is required now"),
        (
            changed(required=["name", "count", "role", "mood"], mood={"type": "string"}),
            "mood was added without a default",
        ),
    ],
)
def test_what_would_break_a_reader_or_an_old_record_is_named(new: Schema, problem: str) -> None:
    problems = incompatibilities(OLD, new)

    assert len(problems) == 1
    assert problem in problems[0]
