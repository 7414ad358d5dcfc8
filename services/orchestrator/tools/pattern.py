# SPDX-License-Identifier: Apache-2.0
"""Regular expressions that a model writes.

A pattern such as ``(a+)+$`` keeps Python's own engine busy for ever, with the lock of the
interpreter held; others take all the memory. RE2 matches in linear time and bounded memory, and
refuses what it cannot match that way (back references, look-around).
"""

from collections.abc import Callable
from typing import Any

import re2  # type: ignore[import-untyped]

from services.orchestrator.tools.errors import ToolError

_re2: Any = re2
_MAX_MEMORY = 8 * 1024 * 1024


def matcher(text: str, *, regex: bool, ignore_case: bool) -> Callable[[str], bool]:
    """Return a function that tells whether a line contains ``text``, or matches it as a pattern.

    Raises:
        ToolError: the pattern cannot be used.
    """
    options = _re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.case_sensitive = not ignore_case
    options.literal = not regex
    try:
        pattern = _re2.compile(text, options)
    except _re2.error as error:
        reason = error.args[0]
        shown = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ToolError(f"{text!r} is no pattern that can be searched for: {shown}") from None

    def matches(line: str) -> bool:
        return pattern.search(line) is not None

    return matches
