# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions``: conversations; those that were are read from persistence."""

from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_import import imported
from services.agentctl.commands.session_erase import erase
from services.agentctl.commands.session_send import create, send
from services.agentctl.commands.session_steer import (
    answer,
    cancel,
    complete,
    pause,
    resume,
    switch,
)
from services.agentctl.commands.session_watch import watch
from services.agentctl.output import (
    ROOMY,
    Json,
    cell,
    console,
    dollars,
    fields,
    minute,
    moment,
    plural,
    print_json,
    seconds,
    spoken,
    table,
)
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"
MESSAGES = 500

app = typer.Typer(no_args_is_help=True, help="Conversations.")
for command in (create, send, watch, cancel, pause, resume, switch, complete, answer, erase):
    app.command()(command)


@app.command("list")
def list_sessions(
    *,
    state: Annotated[str | None, typer.Option(help="In this state.")] = None,
    agent: Annotated[str | None, typer.Option(help="With this agent in charge.")] = None,
    forked_from: Annotated[str | None, typer.Option(help="Forks of this session.")] = None,
    search: Annotated[str | None, typer.Option(help="With this in a message.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on after a page.")] = None,
    as_json: Json = False,
) -> None:
    """List sessions, those that were created last first."""
    with connect() as services:
        page = services.get(
            PERSISTENCE,
            "/v1/sessions",
            state=state,
            agent=agent,
            forked_from=forked_from,
            q=search,
            limit=limit,
            cursor=cursor,
        )
    if as_json:
        print_json(page)
    else:
        _show_page(console(), page)


@app.command()
def show(
    session: Annotated[str, typer.Argument(help="The id of a session.")], *, as_json: Json = False
) -> None:
    """Show what came of one session, and what was said in it."""
    path = f"/v1/sessions/{quoted(session)}"
    with connect() as services:
        found = {
            "session": services.get(PERSISTENCE, path),
            "messages": services.get(PERSISTENCE, f"{path}/messages", limit=MESSAGES),
        }
    if as_json:
        print_json(found)
    else:
        _show_session(console(), found["session"])
        _show_messages(console(), found["messages"])


def _show_page(screen: Console, page: Any) -> None:
    if not page["items"]:
        screen.print("no sessions")
        return
    roomy = ("MESSAGES", "COST") if screen.width >= ROOMY else ()
    rows = table("SESSION", "STATE", "AGENT", *roomy, "CREATED (UTC)", right=roomy)
    for each in page["items"]:
        weight = (cell(each["messages"]), dollars(each["cost_usd"])) if roomy else ()
        rows.add_row(
            cell(each["session_id"]),
            cell(each["state"]),
            cell(each["agent"]),
            *weight,
            minute(each["created_at"]),
        )
    screen.print(rows)
    if page["next"]:
        screen.print(f"more: --cursor {one_line(str(page['next']))}", style="dim")


def _show_session(screen: Console, session: Any) -> None:
    tokens = f"{session['input_tokens']} in, {session['output_tokens']} out"
    screen.print(
        fields(
            [
                ("session", session["session_id"]),
                ("title", session["title"]),
                ("state", session["state"]),
                ("agent", session["agent"]),
                *_family(session),
                ("created", f"{moment(session['created_at'])} UTC by {session['created_by']}"),
                ("changed", f"{moment(session['updated_at'])} UTC"),
                ("messages", session["messages"]),
                ("turns", session["turns"]),
                ("agent switches", session["switches"]),
                ("errors", session["errors"]),
                ("model calls", _of(session, "model_calls", "failed_model_calls")),
                ("tool calls", _of(session, "tool_calls", "failed_tool_calls")),
                ("approvals", session["approvals"]),
                ("tokens", tokens),
                ("cost", dollars(session["cost_usd"])),
                ("worked", seconds(session["duration_seconds"])),
                ("events", session["last_sequence"]),
            ]
        )
    )
    for each in session.get("imports", ()):
        screen.print(imported(each), style="yellow")
    if erasure := session.get("erasure"):
        screen.print(_erased(erasure), style="yellow")
    for gap in session["gaps"]:
        screen.print(f"events {gap['first']} to {gap['last']} are missing", style="red")
    for sequence in session["discarded"]:
        screen.print(f"event {sequence} was discarded as a dead letter", style="yellow")


def _erased(erasure: Any) -> str:
    said = f"erased by {erasure['erased_by']} on {moment(erasure['erased_at'])} UTC"
    return one_line(": ".join(filter(None, (said, erasure["reason"]))))


def _show_messages(screen: Console, page: Any) -> None:
    screen.print()
    for each in page["items"]:
        screen.print(spoken(each))
    if page["next"]:
        screen.print("… and more", style="dim")


def _family(session: Any) -> list[tuple[str, str]]:
    origin = session.get("forked_from")
    at = f"{origin} at event {session['forked_at_sequence']}" if origin else ""
    forks = ", ".join(each["session_id"] for each in session.get("forks", ()))
    return [(name, said) for name, said in (("forked from", at), ("forks", forks)) if said]


def _of(session: Any, all_of: str, failed: str) -> str:
    bad = session[failed]
    return f"{session[all_of]}" + (f", {plural(bad, 'failure')}" if bad else "")
