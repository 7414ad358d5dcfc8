# SPDX-License-Identifier: Apache-2.0
"""``agentctl history state`` and ``compare``: a session at a point, and two beside each other."""

from difflib import SequenceMatcher
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_lines import show_erasure
from services.agentctl.output import Json, console, fields, moment, print_json, spoken
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"
PAGE = 500
At = Annotated[str | None, typer.Option(help="The number of an event, or a time with its zone.")]


def state(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    *,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show what a session was after an event, at a time, or is now."""
    with connect() as services:
        found = services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/state", at=at)
    if as_json:
        print_json(found)
    else:
        _show(console(), found)


def compare(
    one: Annotated[str, typer.Argument(help="The id of a session.")],
    other: Annotated[str, typer.Argument(help="The id of another, such as its fork.")],
    *,
    as_json: Json = False,
) -> None:
    """Compare what was said in two sessions; exits with 0 whether or not it differs."""
    with connect() as services:
        left, right = _messages(services, one), _messages(services, other)
    parts = _parts(left, right)
    if as_json:
        print_json({"one": one, "other": other, "items": parts})
        return
    screen = console()
    for each in parts:
        style = {"-": "red", "+": "green"}.get(each["mark"], "dim")
        line = spoken(each["message"])
        line.stylize(style)
        screen.print(f"{each['mark']} ", style=style, end="")
        screen.print(line)


def _messages(services: Services, session: str) -> list[Any]:
    path = f"/v1/sessions/{quoted(session)}/messages"
    page: dict[str, Any] = services.get(PERSISTENCE, path, limit=PAGE)
    found: list[Any] = list(page["items"])
    while page["next"]:
        page = services.get(PERSISTENCE, path, limit=PAGE, cursor=page["next"])
        found.extend(page["items"])
    return found


def _parts(left: list[Any], right: list[Any]) -> list[dict[str, Any]]:
    said = [[(each["role"], each["content"]) for each in side] for side in (left, right)]
    parts: list[dict[str, Any]] = []
    for kind, a, b, c, d in SequenceMatcher(a=said[0], b=said[1], autojunk=False).get_opcodes():
        if kind == "equal":
            parts += [{"mark": " ", "message": each} for each in left[a:b]]
            continue
        parts += [{"mark": "-", "message": each} for each in left[a:b]]
        parts += [{"mark": "+", "message": each} for each in right[c:d]]
    return parts


def _show(screen: Console, found: Any) -> None:
    session = found["session"]
    show_erasure(screen, found)
    screen.print(
        fields(
            [
                ("session", found["session_id"]),
                ("after event", f"{found['sequence']}, {moment(found['occurred_at'])} UTC"),
                ("state", session["state"]),
                ("agent", session["agent"]),
                ("messages", session["messages"]),
                ("tokens", f"{session['input_tokens']} in, {session['output_tokens']} out"),
            ]
        )
    )
    for each in found["turns"]:
        screen.print(f"turn {one_line(each['turn_id'])} is {one_line(str(each['status']))}")
    for each in found["tool_calls"]:
        screen.print(f"  {one_line(each['tool'])} is {one_line(str(each['status']))}")
    for each in found["approvals"]:
        status = one_line(str(each["status"]))
        screen.print(f"  approval of {one_line(str(each['tool']))} is {status}")
    screen.print()
    for each in found["messages"]:
        screen.print(spoken(each))
