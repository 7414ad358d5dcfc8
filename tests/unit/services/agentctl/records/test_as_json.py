# SPDX-License-Identifier: Apache-2.0
import base64
import json

import pytest

from services.agentctl.records.as_json import as_data, json_line
from tests.support.records import TIMESTAMP_MS, a_delivery, undecodable


def test_an_event_is_one_line_with_everything_that_the_record_has() -> None:
    delivery = a_delivery(text="two\nlines")

    printed = json_line(delivery)

    assert "\n" not in printed
    data = json.loads(printed)
    record = delivery.record
    assert (data["topic"], data["partition"], data["offset"]) == (record.topic, 2, 5)
    assert data["timestamp_ms"] == TIMESTAMP_MS
    assert data["key"] == "s-1"
    assert (data["type"], data["sequence"]) == ("message_received", 7)
    assert data["value_encoding"] == "json"
    assert data["value"] == json.loads(record.value or b"")
    assert data["headers"] == {name: (value or b"").decode() for name, value in record.headers}
    assert data["problem"] is None


@pytest.mark.parametrize("value", [b"no json", b"\xff\x00", b"", b"NaN", b"[" * 100_000])
def test_a_value_that_is_not_json_is_kept_byte_for_byte(value: bytes) -> None:
    data = as_data(undecodable(value=value))

    assert data["value_encoding"] == "base64"
    assert base64.b64decode(data["value"]["base64"]) == value
    assert data["problem"]


def test_a_null_is_told_from_what_is_empty() -> None:
    data = as_data(undecodable(key=None, value=None, headers=(("n", None), ("e", b""))))

    assert (data["key"], data["value"], data["value_encoding"]) == (None, None, None)
    assert data["headers"] == {"n": None, "e": ""}


def test_no_header_is_lost() -> None:
    headers = (("x", b"1"), ("x", b"\xff"), ("y", b"2"))

    data = as_data(undecodable(headers=headers))

    assert data["headers"] == {"x": ["1", {"base64": "/w=="}], "y": "2"}
