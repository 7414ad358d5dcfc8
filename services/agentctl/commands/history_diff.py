# SPDX-License-Identifier: Apache-2.0
"""``agentctl history diff``: what is different between two points of a session."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, cell, console, moment, print_json, table
from services.agentctl.text import one_line, quoted

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
Row = tuple[str, str, str, Any, Any]


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
    rows = [*_session(found), *(row for part in PARTS for row in _part(part, found[part]))]
    if not rows:
        screen.print("nothing is different")
        return
    shown = table("WHAT", "KEY", "FIELD", "BEFORE", "AFTER")
    for what, key, field, before, after in rows:
        shown.add_row(cell(what), cell(key), cell(field), cell(_value(before)), cell(_value(after)))
    screen.print(shown)


def _session(found: Any) -> Iterator[Row]:
    for field, change in found["session"].items():
        yield "session", "", field, change["before"], change["after"]


def _part(part: str, found: Any) -> Iterator[Row]:
    name = part.replace("_", " ").removesuffix("s")
    field = SHOWN[part]
    for each in found["removed"]:
        yield f"- {name}", _key(part, each), field, each[field], None
    for each in found["added"]:
        yield f"+ {name}", _key(part, each), field, None, each[field]
    for each in found["changed"]:
        for changed, change in each["fields"].items():
            yield name, _key(part, each["key"]), changed, change["before"], change["after"]


def _key(part: str, values: Any) -> str:
    return "/".join(str(values[name]) for name in PARTS[part])


def _value(value: Any) -> str:
    return "" if value is None else one_line(str(value), limit=60)
