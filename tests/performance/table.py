# SPDX-License-Identifier: Apache-2.0
"""The table of all lines, with the machine that they were measured on."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from tests.performance.line import Line, amount

_HOLDS = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}


def table(lines: Sequence[Line]) -> Table:
    """Return the table for people."""
    found = Table(title=machine(), title_justify="left", title_style="", highlight=False)
    for name in ("what", "ours", "peer", "of the peer", "ratio", "bar", "holds"):
        found.add_column(name, justify="left" if name in ("what", "peer") else "right")
    for line in lines:
        found.add_row(
            line.what,
            f"{amount(line.ours)} {line.unit}",
            line.peer_name,
            f"{amount(line.peer)} {line.unit}",
            f"{line.ratio:.2f}",
            "" if line.bar is None else f"{line.bar:g}",
            _HOLDS[line.holds],
        )
    return found


def machine() -> str:
    """Return what the machine is, and how busy it was with other things."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{cores} cores ({_processor()}), Python {platform.python_version()},"
        f" {platform.system()}; load over the last minute {load:.1f}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
