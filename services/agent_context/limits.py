# SPDX-License-Identifier: Apache-2.0
"""What bounds a context."""

from dataclasses import dataclass
from typing import Final

MAX_APPROVALS: Final = 100
MAX_TEXT: Final = 500
"""Characters of a reason or a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the past a context keeps."""

    window_tokens: int = 8000
    max_switches: int = 20
