# SPDX-License-Identifier: Apache-2.0
"""``agentctl outbox``: the events that wait for Kafka, and publishing again what is kept."""

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.open_approval import ORCHESTRATOR
from services.agentctl.commands.outbox_view import show_outbox
from services.agentctl.commands.person import By, Reason, person_or_user
from services.agentctl.errors import CommandError
from services.agentctl.moments import parse_moment
from services.agentctl.output import Json, console, plural, print_json
from shared.clock import SystemClock

OUTBOX = "/v1/outbox"

app = typer.Typer(no_args_is_help=True, help="The events that wait for Kafka.")

Session = Annotated[str | None, typer.Option(help="Of this session.")]
From = Annotated[
    str | None, typer.Option("--from", help="Recorded at this time (UTC) or later, or 15m ago.")
]
To = Annotated[str | None, typer.Option("--to", help="Recorded before this time, or 5m ago.")]


@app.command("list")
def list_outbox(
    *,
    session: Session = None,
    topic: Annotated[str | None, typer.Option(help="Of this topic.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")] = 50,
    cursor: Annotated[int | None, typer.Option(min=0, help="Go on after a page.")] = None,
    as_json: Json = False,
) -> None:
    """Show how much waits, since when, of whom, and the events in line."""
    with connect() as services:
        found = services.get(
            ORCHESTRATOR, OUTBOX, session=session, topic=topic, limit=limit, cursor=cursor
        )
    if as_json:
        print_json(found)
    else:
        show_outbox(console(), found, now=SystemClock().now())


@app.command()
def replay(
    *,
    session: Session = None,
    from_: From = None,
    to: To = None,
    by: By = None,
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many it is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before.")] = False,
    as_json: Json = False,
) -> None:
    """Publish again what is still kept; consumers drop what they have.

    Either all of a session, or what was recorded between two times; each session in its order.
    """
    wish = {**_which(session, from_, to), "operator": person_or_user(by), "reason": reason}
    with connect() as services:

        def ask(*, dry_run: bool) -> Any:
            body = {**wish, "dry_run": dry_run}
            return services.post(ORCHESTRATOR, f"{OUTBOX}/replays", body)

        if not dry_run and not yes and sys.stdin.isatty():
            records = plural(ask(dry_run=True)["records"], "record")
            typer.confirm(f"publish {records} again?", abort=True, err=True)
        answer = ask(dry_run=dry_run)
    if as_json:
        print_json(answer)
        return
    fate = "would be published again" if dry_run else "to be published again"
    typer.echo(f"{plural(answer['records'], 'record')} {fate}")


def _which(session: str | None, from_: str | None, to: str | None) -> dict[str, str]:
    """Return what to publish again.

    Raises:
        CommandError: it is not said, or said in two ways.
    """
    if session and not (from_ or to):
        return {"session_id": session}
    if session or not (from_ and to):
        raise CommandError("say what: --session ID, or --from TIME and --to TIME")
    now = SystemClock().now()
    return {"recorded_from": _utc(from_, now), "recorded_until": _utc(to, now)}


def _utc(text: str, now: datetime) -> str:
    return parse_moment(text, now=now).isoformat()
