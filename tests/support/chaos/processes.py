# SPDX-License-Identifier: Apache-2.0
"""Which of our processes are still there."""

from collections.abc import Iterable

import psutil


def left_behind(pids: Iterable[int]) -> list[int]:
    """Return those that still run as children of this process or of what it started."""
    ours = {each.pid for each in psutil.Process().children(recursive=True)}
    return [pid for pid in pids if pid in ours]
