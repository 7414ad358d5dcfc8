# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime

import pytest

from services.dead_letters.letters.values import (
    from_iso,
    from_milliseconds,
    last,
    number,
    tail,
    text,
)


def test_of_a_repeated_header_the_last_value_counts() -> None:
    headers = (("a", b"1"), ("a", b"2"), ("a", None), ("b", b"3"))

    assert last(headers, "a") == b"2"
    assert last(headers, "c", "b") == b"3"
    assert last(headers, "c") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"plain", "plain"),
        (b"caf\xc3\xa9", "café"),
        (b"\xff\x00", "\ufffd\ufffd"),
        (b"", None),
        (None, None),
        ("\ud800", "?"),
        (b"12345678", "12345"),
    ],
)
def test_text_is_made_storable(value: bytes | str | None, found: str | None) -> None:
    assert text(value, limit=5 if value == b"12345678" else 100) == found


def test_a_character_cut_in_two_at_the_limit_does_no_harm() -> None:
    assert text("é".encode() * 10, limit=3) == "ééé"
    assert tail("é".encode() * 10 + b"!", limit=3) == "éé!"


@pytest.mark.parametrize(
    ("value", "binary", "found"),
    [
        (b"17", False, 17),
        (b"\x00\x00\x00\x11", True, 17),
        (b"\x00\x00\x00\x00\x00\x00\x00\x11", True, 17),
        (b"\x11", True, 17),
        (b"\xff\xff\xff\xff", True, None),
        (b"117", True, 117),
        (b"\x00\x00\x00\x11", False, None),
        (b"-1", False, None),
        (b"1_0", False, None),
        ("\N{ARABIC-INDIC DIGIT ONE}".encode(), False, None),
        (b"9" * 19, False, None),
        (b"9" * 5000, False, None),
        (None, True, None),
    ],
)
def test_numbers_are_read_in_digits_and_in_bytes(
    value: bytes | None, binary: bool, found: int | None
) -> None:
    assert number(value, binary=binary) == found


def test_a_number_above_the_maximum_is_none() -> None:
    assert number(b"2147483648", binary=False, maximum=2**31 - 1) is None


def test_times_come_in_milliseconds_and_in_iso_8601() -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    assert from_milliseconds(int(moment.timestamp() * 1000)) == moment
    assert from_iso(b"2026-03-01T13:00:00+01:00") == moment
    assert from_iso(b"2026-03-01T12:00:00") == moment


@pytest.mark.parametrize("milliseconds", [None, -1, 2**63])
def test_milliseconds_that_are_no_time_are_none(milliseconds: int | None) -> None:
    assert from_milliseconds(milliseconds) is None


@pytest.mark.parametrize("value", [None, b"", b"yesterday", b"\xff", b"0001-01-01T00:00:00+23:59"])
def test_text_that_is_no_time_is_none(value: bytes | None) -> None:
    assert from_iso(value) is None
