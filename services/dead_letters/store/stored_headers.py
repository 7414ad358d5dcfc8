# SPDX-License-Identifier: Apache-2.0
"""Headers as JSON: names as they are, values in base64, the order kept."""

import base64
from collections.abc import Iterable

from shared.messaging.headers import Headers

Stored = list[list[str | None]]


def to_stored(headers: Headers) -> Stored:
    """Return the headers as JSON that loses nothing."""
    return [
        [name, None if value is None else base64.b64encode(value).decode()]
        for name, value in headers
    ]


def from_stored(stored: Iterable[Iterable[str | None]]) -> Headers:
    """Return the headers that ``to_stored`` was given."""
    pairs = (tuple(pair) for pair in stored)
    return tuple(
        (name or "", None if value is None else base64.b64decode(value)) for name, value in pairs
    )
