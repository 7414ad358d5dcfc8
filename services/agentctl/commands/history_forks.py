# SPDX-License-Identifier: Apache-2.0
"""``agentctl history forks``: which sessions began with the past of which others."""

from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, console, plural, print_json
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def forks(
    session: Annotated[str, typer.Argument(help="The id of a session.")], *, as_json: Json = False
) -> None:
    """Show the whole family of a session: what it was forked from, and all forks."""
    with connect() as services:
        found = services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/forks")
    if as_json:
        print_json(found)
        return
    screen = console()
    screen.print(_tree(found), no_wrap=True, overflow="ellipsis", crop=True)
    if found["truncated"]:
        screen.print("… and more", style="dim")


def _tree(found: Any) -> Tree:
    """Return the sessions as a tree; each stands below the last one that is a level above it."""
    first, *others = found["items"]
    root = Tree(_label(first, found["session_id"]), guide_style="dim")
    above = [root]
    for each in others:
        del above[each["depth"] :]
        above.append(above[-1].add(_label(each, found["session_id"])))
    return root


def _label(each: Any, asked_for: str) -> Text:
    asked = each["session_id"] == asked_for
    label = Text(one_line(each["session_id"]), style="bold" if asked else "")
    if each["forked_at_sequence"] is not None:
        label.append(f"  at {each['forked_at_sequence']}", style="cyan")
    label.append(f"  {plural(each['messages'], 'message')}")
    if each["title"]:
        label.append(f"  {one_line(each['title'])}", style="dim")
    return label
