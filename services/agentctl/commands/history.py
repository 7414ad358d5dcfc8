# SPDX-License-Identifier: Apache-2.0
"""``agentctl history``: what happened, in order and by cause."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.client import Services
from services.agentctl.commands import history_archive
from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_diff import diff
from services.agentctl.commands.history_export import export
from services.agentctl.commands.history_fork import fork
from services.agentctl.commands.history_forks import forks
from services.agentctl.commands.history_import import import_session
from services.agentctl.commands.history_knowledge import knowledge
from services.agentctl.commands.history_lines import show_erasure, show_events
from services.agentctl.commands.history_state import compare, state
from services.agentctl.commands.history_tree import tree
from services.agentctl.commands.history_verify import verify
from services.agentctl.output import Json, console, plural, print_json
from services.agentctl.text import quoted

PERSISTENCE = "persistence"
PAGE = 500

app = typer.Typer(no_args_is_help=True, help="What happened.")
app.command()(fork)
app.command()(forks)
app.command()(tree)
app.command()(knowledge)
app.command()(verify)
app.command()(state)
app.command()(diff)
app.command()(compare)
app.command()(export)
app.command("import")(import_session)
app.command("read-archive")(history_archive.read)


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
        show_erasure(console(), found)
        for part in found.get("archived", []):
            events = plural(part["events"], "event")
            said = f"what {events} from {part['first']} to {part['last']} said is in {part['file']}"
            console().print(said, style="yellow")


def _whole(services: Services, path: str) -> dict[str, Any]:
    """Return all pages as one."""
    page: dict[str, Any] = services.get(PERSISTENCE, path, limit=PAGE)
    items: list[Any] = list(page["items"])
    archived: list[Any] = list(page.get("archived", []))
    while page["next_sequence"] is not None:
        page = services.get(PERSISTENCE, path, limit=PAGE, from_sequence=page["next_sequence"])
        items.extend(page["items"])
        archived.extend(page.get("archived", []))
    return {**page, "items": items, "archived": archived}


def _show(screen: Console, events: Iterable[Any], gaps: Iterable[Any]) -> None:
    show_events(screen, events)
    for gap in gaps:
        screen.print(f"events {gap['first']} to {gap['last']} are missing", style="red")
