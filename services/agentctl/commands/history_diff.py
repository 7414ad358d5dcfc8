# SPDX-License-Identifier: Apache-2.0
"""``agentctl history diff``: what is different between two points of a session."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, console, moment, print_json
from services.agentctl.text import one_line, quoted, value_text

PERSISTENCE = "persistence"
PARTS = {
    "messages": ("sequence",),
    "turns": ("turn_id",),
    "tool_calls": ("turn_id", "call_id"),
    "approvals": ("approval_id",),
}
"""The parts of a session, and what names an element of each."""

SHOWN = {"messages": "content", "turns": "status", "tool_calls": "tool", "approvals": "tool"}
"""What is shown of an element that is there at one of the points only."""

POINT = "The number of an event, or a time with its zone."


def diff(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    begins: Annotated[str, typer.Argument(metavar="FROM", help=POINT)],
    ends: Annotated[str, typer.Argument(metavar="TO", help=POINT)],
    *,
    as_json: Json = False,
) -> None:
    """Show what is different between two points of a session; exits with 0 if nothing is."""
    path = f"/v1/sessions/{quoted(session)}/diff"
    with connect() as services:
        found = services.get(PERSISTENCE, path, **{"from": begins, "to": ends})
    if as_json:
        print_json(found)
    else:
        _show(console(), found)


def _show(screen: Console, found: Any) -> None:
    for name in ("from", "to"):
        point = found[name]
        screen.print(f"{name:<4}  event {point['sequence']}, {moment(point['occurred_at'])} UTC")
    lines = [*_changed("session", found["session"])]
    lines += [line for part in PARTS for line in _part(part, found[part])]
    for line in lines or [Text("nothing is different")]:
        screen.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _part(part: str, found: Any) -> Iterator[Text]:
    name = part.replace("_", " ").removesuffix("s")
    for mark, style, which in (("-", "red", "removed"), ("+", "green", "added")):
        for each in found[which]:
            line = Text(f"{mark} {name} {_key(part, each)}", style=style)
            yield line.append(f"  {value_text(each[SHOWN[part]])}")
    for each in found["changed"]:
        yield from _changed(f"{name} {_key(part, each['key'])}", each["fields"])


def _changed(what: str, fields: Any) -> Iterator[Text]:
    """Give what has changed, and below it each field with its value before and after."""
    if not fields:
        return
    yield Text(f"  {what}", style="bold")
    width = max(map(len, fields))
    for field, change in fields.items():
        line = Text(
            f"    {one_line(field):<{width}}  {value_text(change['before'])} → ", style="dim"
        )
        yield line.append(value_text(change["after"]), style="not dim")


def _key(part: str, values: Any) -> str:
    return one_line("/".join(str(values[name]) for name in PARTS[part]))
