# SPDX-License-Identifier: Apache-2.0
import json
from uuid import RFC_4122

import pytest
from hypothesis import given, strategies as st

from services.orchestrator.tools.arguments import (
    arguments_digest,
    canonical_arguments,
    effect_id,
)
from services.orchestrator.tools.errors import ToolError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)
ARGUMENTS = st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=5)


@given(arguments=ARGUMENTS)
def test_equal_arguments_give_equal_bytes_whatever_their_order(
    arguments: dict[str, object],
) -> None:
    turned = dict(reversed(arguments.items()))

    assert canonical_arguments(turned) == canonical_arguments(arguments)
    assert json.loads(canonical_arguments(arguments)) == arguments


def test_the_bytes_are_sorted_compact_utf_8() -> None:
    assert canonical_arguments({"b": [1, 2.5], "a": {"ü": None}}) == (
        '{"a":{"ü":null},"b":[1,2.5]}'.encode()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", "\ud800", {1}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ToolError, match="no JSON"):
        canonical_arguments({"value": value})


def test_nesting_without_end_is_refused() -> None:
    nested: list[object] = []
    nested.append(nested)

    with pytest.raises(ToolError, match="no JSON"):
        canonical_arguments({"value": nested})


def test_the_digest_is_the_sha_256_that_anyone_can_compute() -> None:
    assert arguments_digest({"path": "a"}) == (
        "fde64ffe7a4a0bbd5d2fe2c294b795808c14bcb57a1d08f1c9dcd59871a020f4"
    )


def test_the_same_call_always_has_the_same_effect_id() -> None:
    first = effect_id("s", 1, 2, "write_file", {"a": 1, "b": 2})

    assert effect_id("s", 1, 2, "write_file", {"b": 2, "a": 1}) == first
    assert str(first) == "fcbdb233-9fbc-8856-9c02-6be15a45cdc9"
    assert first.variant == RFC_4122
    assert first.version == 8


@pytest.mark.parametrize(
    ("session", "turn", "step", "tool", "arguments"),
    [
        ("t", 1, 2, "write_file", {"a": 1}),
        ("s", 2, 2, "write_file", {"a": 1}),
        ("s", 1, 3, "write_file", {"a": 1}),
        ("s", 1, 2, "read_file", {"a": 1}),
        ("s", 1, 2, "write_file", {"a": 2}),
        ("s", 12, 2, "write_file", {"a": 1}),
    ],
)
def test_another_call_has_another_effect_id(
    session: str, turn: int, step: int, tool: str, arguments: dict[str, object]
) -> None:
    assert effect_id(session, turn, step, tool, arguments) != effect_id(
        "s", 1, 2, "write_file", {"a": 1}
    )
