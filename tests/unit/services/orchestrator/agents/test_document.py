# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.agents.document import parse_document
from shared.errors import ConfigurationError


def test_plain_data_is_read() -> None:
    assert parse_document("a: [1, {b: null}]", name="f") == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", r"f: line 1, column 1: 'a' is written twice"),
        ("x:\n  a: 1\n  a: 2", r"f: line 2, column 3: 'a' is written twice"),
        ("a: [1", "f: line 1"),
        ("- a", "f: write a mapping"),
        ("", "f: write a mapping"),
        ("a: !!python/object/apply:os.system [echo]", "could not determine a constructor"),
        ("a: \x00", "no YAML"),
        ("[" * 5000, "f: "),
        ("#" * 300_000, "larger than"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_document(text, name="f")

    assert "\n" not in str(caught.value)
