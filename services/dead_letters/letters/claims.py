# SPDX-License-Identifier: Apache-2.0
"""Letters that were too large, and say instead of a value where it lies."""

from services.dead_letters.letters.values import last, text
from shared.messaging import headers as names
from shared.messaging.headers import Headers

MAX_PLACE = 300
NO_PLACE = "a place that the letter does not name"


def claim_of(value: bytes | None, headers: Headers) -> str | None:
    """Return where the value of a letter lies that is without it, or None if nothing is missing."""
    found = last(headers, names.CLAIM_CHECK)
    if value is not None or found is None:
        return None
    return text(found, limit=MAX_PLACE) or NO_PLACE
