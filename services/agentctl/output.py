# SPDX-License-Identifier: Apache-2.0
"""What is printed: JSON for programs, tables and lines for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from textwrap import indent
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.agentctl.text import one_line

WIDTH = 100
"""How wide the output is where it goes to a file or another program."""

ROOMY = 100
"""From this width on, a table has room for what one can do without."""

NOTHING = "-"

Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]

STYLES = {
    "ready": "green",
    "waiting": "yellow",
    "down": "red",
    "open": "yellow",
    "redriven": "cyan",
    "resolved": "green",
    "running": "cyan",
    "completed": "green",
    "stopped": "red",
    "discarded": "dim",
    "parked": "red",
}


def console() -> Console:
    """Return the console of the standard output."""
    return Console(
        width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False, emoji=False
    )


def print_json(data: Any) -> None:
    """Print data as JSON, with everything outside ASCII escaped."""
    typer.echo(json.dumps(data, indent=2))


def print_json_list(items: Iterable[Any]) -> None:
    """Print one JSON list of items as they come, however many; it is cut off if they are."""
    before = "["
    for each in items:
        typer.echo(f"{before}\n{indent(json.dumps(each, indent=2), '  ')}", nl=False)
        before = ","
    typer.echo("[]" if before == "[" else "\n]")


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns in ``right`` are for numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def cell(value: Any) -> Text:
    """Return a value as it is shown in a table; states have a colour."""
    if value is None or value == "":
        return Text(NOTHING, style="dim")
    text = one_line(str(value))
    return Text(text, style=STYLES.get(text, ""))


def moment(value: str | None) -> str:
    """Return a time to the second, in UTC; what is no time stays as it is."""
    return _time(value, "%Y-%m-%d %H:%M:%S")


def minute(value: str | None) -> str:
    """Return a time to the minute, where room is scarce; else as ``moment``."""
    return _time(value, "%Y-%m-%d %H:%M")


def _time(value: str | None, format_: str) -> str:
    if not value:
        return NOTHING
    try:
        return datetime.fromisoformat(value).strftime(format_)
    except ValueError:
        return one_line(value)


def seconds(value: float | None) -> str:
    """Return a duration in the unit that suits it."""
    if value is None:
        return ""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def dollars(amount: str) -> str:
    """Return an amount of dollars, to the hundredth of a cent."""
    return f"{float(amount):.4f} USD"


def fields(pairs: Iterable[tuple[str, Any]]) -> Table:
    """Return names and values, one pair in a line."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, cell(value))
    return made


def plural(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def spoken(message: Any) -> Text:
    """Return a message of a person or an agent as a line."""
    by_person = message["role"] == "user"
    who = "user" if by_person else message["agent"] or message["role"]
    line = Text(f"{message['sequence']:>5}  ", style="dim")
    line.append(one_line(who), style="cyan" if by_person else "green")
    line.append(f"  {one_line(message['content'])}")
    return line
