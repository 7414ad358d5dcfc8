# SPDX-License-Identifier: Apache-2.0
"""How much a workspace takes and gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceLimits:
    """Upper bounds of single operations."""

    file_bytes: int = 1024 * 1024
    """The largest file that is read or written."""
    entries: int = 1000
    """The most files and directories that one listing looks at."""
    scanned_bytes: int = 16 * 1024 * 1024
    """The most that one search reads."""
