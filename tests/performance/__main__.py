# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.performance [row ...]``: measures all rows, or those that are named."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.performance.bench import Bench
from tests.performance.line import Line
from tests.performance.rows import ROWS, Row
from tests.performance.table import table
from tests.support.shared_servers import shared_servers


def main(names: Sequence[str]) -> int:
    """Measure, print the table, and return 0: a ratio below its bar is no failure of the run."""
    console = Console(width=150 if not sys.stdout.isatty() else None)
    unknown = sorted(set(names) - set(ROWS))
    if unknown:
        console.print(f"there is no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
        return 2
    logging.disable(logging.WARNING)
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        shared_servers(Path(directory) / "servers") as servers,
    ):
        lines = [
            line
            for name in names or ROWS
            for line in _measured(console, name, ROWS[name], Bench(servers))
        ]
    console.print(table(lines))
    return 0


def _measured(console: Console, name: str, row: Row, bench: Bench) -> Sequence[Line]:
    with console.status(f"measuring {name}"):
        lines = asyncio.run(row(bench))
    for line in lines:
        console.print(f"{name}: {line}", style="dim", highlight=False)
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
