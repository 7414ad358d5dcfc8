# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, strategies as st

from services.orchestrator.tools.workspace.path import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NAME_BYTES,
    normal_path,
)

PATHS = st.lists(
    st.one_of(st.sampled_from(["..", ".", "", "/", "a", "\\", "\0", "~", "é"]), st.text()),
    max_size=12,
).map("/".join)


@given(path=PATHS)
def test_whatever_is_let_through_names_something_inside(path: str) -> None:
    try:
        normal = normal_path(path)
    except ValueError:
        return

    names = normal.split("/")
    assert ".." not in names
    assert "" not in names
    assert normal.isprintable()
    assert normal_path(normal) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("", "."),
        (".", "."),
        ("./", "."),
        ("a", "a"),
        ("./a//b/", "a/b"),
        ("a/./b", "a/b"),
        ("a b/ü.txt", "a b/ü.txt"),
        ("...", "..."),
        ("..a", "..a"),
    ],
)
def test_two_ways_to_write_a_path_become_one(written: str, normal: str) -> None:
    assert normal_path(written) == normal


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../a",
        "a/../../b",
        "a/..",
        "/etc/passwd",
        "//a",
        "a\0b",
        "a\nb",
        "a\\..\\b",
        "a\u202eb",
        "a\ud800",
        "a" * (MAX_NAME_BYTES + 1),
        "é" * (MAX_NAME_BYTES // 2 + 1),
        "/".join("a" * 60 for _ in range(MAX_BYTES // 60 + 1)),
        "/".join("a" for _ in range(MAX_DEPTH + 1)),
    ],
)
def test_paths_that_lead_out_or_hide_something_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|name|workspace"):
        normal_path(path)


def test_the_limits_themselves_are_let_through() -> None:
    assert normal_path("a" * MAX_NAME_BYTES)
    assert normal_path("/".join("a" for _ in range(MAX_DEPTH)))
