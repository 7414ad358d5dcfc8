# SPDX-License-Identifier: Apache-2.0
"""What failures of one cause have in common."""

import hashlib
import re
from collections.abc import Sequence

_OURS = re.compile(rb"[0-9a-f]{16}")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d+")
_FRAME = re.compile(r"^\s*at\s+([^(\n]{1,300})", re.MULTILINE)


def fingerprint(
    given: bytes | None,
    *,
    parts: Sequence[str | None],
    message: str | None,
    stack: str | None,
) -> str:
    """Return ``given`` if it is one of ours, and one made of the rest otherwise.

    The message counts only where there is no stack, and without the numbers and ids in it, which
    differ each time.
    """
    if given is not None and _OURS.fullmatch(given):
        return given.decode()
    place = _place(stack or "") or _NUMBER.sub("#", message or "")
    joined = "\0".join([*(part or "" for part in parts), place])
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def _place(stack: str) -> str:
    frame = _FRAME.search(stack)
    return frame[1] if frame else ""
