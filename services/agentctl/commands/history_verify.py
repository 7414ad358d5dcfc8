# SPDX-License-Identifier: Apache-2.0
"""``agentctl history verify``: folds the recorded events again and compares."""

from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, cell, console, print_json, table
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def verify(
    session: Annotated[str, typer.Argument(help="The id of a session.")], *, as_json: Json = False
) -> None:
    """Fold the events of a session again and compare with what is recorded.

    Exits with 1 if they do not agree, or if events are missing or were altered.
    """
    with connect() as services:
        found = services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/verification")
    if as_json:
        print_json(found)
    else:
        _show(console(), found)
    if found["gaps"]:
        raise CommandError("events are missing, so what comes after them was not verified")
    if not found["verified"]:
        raise CommandError("what is recorded is not what the events add up to")


def _show(screen: Console, found: Any) -> None:
    if found["verified"]:
        screen.print(f"{found['sequence']} events folded again: all that is recorded agrees")
    for each in found["altered"]:
        screen.print(f"event {each['sequence']}: its bytes are not those that came", style="red")
    if found["items"]:
        rows = table("EVENT", "READ MODEL", "KEY", "FIELD", "RECORDED", "FOLDED", right=("EVENT",))
        for each in found["items"]:
            rows.add_row(
                cell(each["sequence"]),
                cell(each["read_model"]),
                cell("/".join(str(part) for part in each["key"][1:]) or "-"),
                cell(each["field"]),
                cell(_value(each["recorded"])),
                cell(_value(each["folded"])),
            )
        screen.print(rows)
    for gap in found["gaps"]:
        screen.print(f"events {gap['first']} to {gap['last']} are missing", style="red")


def _value(value: Any) -> str:
    return "no row" if value is None else one_line(str(value), limit=60)
