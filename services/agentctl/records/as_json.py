# SPDX-License-Identifier: Apache-2.0
"""A record as one line of JSON that loses nothing of it.

Bytes that are not UTF-8 become ``{"base64": …}``, and so does a value that is not JSON; a header
that is there more than once has a list.
"""

import base64
import json
from typing import Any

from services.agentctl.records.matching import short_type
from shared.messaging import Delivery, headers as names


def json_line(delivery: Delivery) -> str:
    """Return a record as a line of JSON, without the end of the line."""
    return json.dumps(as_data(delivery), separators=(",", ":"))


def as_data(delivery: Delivery) -> dict[str, Any]:
    """Return everything that a record has, and the problem in reading an event from it."""
    record = delivery.record
    encoding, value = _value(record.value)
    full_type = names.readable(record.headers).get(names.TYPE)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "key": _text(record.key),
        "type": short_type(full_type) if full_type else None,
        "sequence": delivery.event.sequence if delivery.event else None,
        "headers": _headers(record.headers),
        "value_encoding": encoding,
        "value": value,
        "problem": str(delivery.problem) if delivery.problem else None,
    }


def _headers(headers: names.Headers) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(_text(value))
    return {name: some[0] if len(some) == 1 else some for name, some in found.items()}


def _text(value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _base64(value)


def _value(value: bytes | None) -> tuple[str | None, Any]:
    if value is None:
        return None, None
    try:
        return "json", json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return "base64", _base64(value)


def _base64(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
