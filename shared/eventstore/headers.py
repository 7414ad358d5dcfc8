# SPDX-License-Identifier: Apache-2.0
"""Kafka headers as JSON and back, byte for byte.

The headers of an event are text, and so they stay readable for whoever looks into the table::

    [["ce_id", "0199..."], ["blob", {"base64": "/w=="}], ["nothing", null]]
"""

from base64 import b64decode, b64encode
from typing import Any

from pydantic_core import from_json, to_json

from shared.messaging.headers import Headers


def headers_to_json(headers: Headers) -> str:
    """Return ``headers`` as JSON, in their order."""
    try:
        texts: Any = [(name, value.decode()) for name, value in headers]  # type: ignore[union-attr]
    except (UnicodeDecodeError, AttributeError):
        texts = [(name, _to_text(value)) for name, value in headers]
    return to_json(texts).decode()


def headers_from_json(text: str) -> Headers:
    """Return the headers that ``headers_to_json`` wrote."""
    return tuple((name, _to_bytes(value)) for name, value in from_json(text))


def _to_text(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def _to_bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    return value.encode() if isinstance(value, str) else b64decode(value["base64"])
