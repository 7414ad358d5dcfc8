# SPDX-License-Identifier: Apache-2.0
"""``agentctl history``: what happened, in order and by cause."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, console, print_json, seconds
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"
PAGE = 500
MAX_DEPTH = 12
"""Causes beyond this are shown at the same place, so that there is room for what happened."""

app = typer.Typer(no_args_is_help=True, help="What happened.")


@app.command()
def timeline(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    *,
    last: Annotated[int, typer.Option(min=0, help="Only so many of the last events.")] = 0,
    as_json: Json = False,
) -> None:
    """Show the events of a session, each below what caused it."""
    with connect() as services:
        found = _whole(services, f"/v1/sessions/{quoted(session)}/timeline")
    events = found["items"][-last:]
    if as_json:
        print_json({**found, "items": events})
    else:
        _show(console(), events, found["gaps"])


def _whole(services: Services, path: str) -> dict[str, Any]:
    """Return all pages as one."""
    page: dict[str, Any] = services.get(PERSISTENCE, path, limit=PAGE)
    items: list[Any] = list(page["items"])
    while page["next_sequence"] is not None:
        page = services.get(PERSISTENCE, path, limit=PAGE, from_sequence=page["next_sequence"])
        items.extend(page["items"])
    return {**page, "items": items}


def _show(screen: Console, events: Iterable[Any], gaps: Iterable[Any]) -> None:
    for each in events:
        screen.print(_line(each), no_wrap=True, overflow="ellipsis", crop=True)
    for gap in gaps:
        screen.print(f"events {gap['first']} to {gap['last']} are missing", style="red")


def _line(event: Any) -> Text:
    depth = min(event["depth"], MAX_DEPTH)
    line = Text()
    line.append(f"{event['sequence']:>5}  {event['occurred_at'][11:23]}  ", style="dim")
    line.append("  " * depth)
    line.append("✗ " if event["error"] else "", style="red bold")
    style = "bold" if event["level"] == "domain" else ""
    line.append(one_line(event["type"]), style="red" if event["error"] else style)
    took = seconds(event["duration_seconds"])
    if took:
        line.append(f"  {took}", style="cyan")
    if event["text"]:
        line.append(f"  {one_line(event['text'])}", style="dim")
    return line
