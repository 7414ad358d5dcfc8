# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq``: the messages that could not be handled."""

import getpass
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_view import show_groups, show_letter, show_page
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, plural, print_json
from services.agentctl.text import one_line

DESK = "dead_letters"

app = typer.Typer(no_args_is_help=True, help="The messages that could not be handled.")

Service = Annotated[str | None, typer.Option(help="Of the service that failed.")]
Kind = Annotated[
    str | None, typer.Option(help="poison, oversize, fatal, exhausted, expired or unknown.")
]
ErrorClass = Annotated[str | None, typer.Option(help="With this class of error.")]
EventType = Annotated[str | None, typer.Option("--type", help="Of events of this type.")]
Session = Annotated[str | None, typer.Option(help="Of this session.")]
Status = Annotated[str | None, typer.Option(help="open, redriven, resolved, discarded or parked.")]
Fingerprint = Annotated[str | None, typer.Option("--group", help="Of this group of `groups`.")]
Since = Annotated[datetime | None, typer.Option(help="Failed at this time or later (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Failed before this time (UTC).")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")]
Letters = Annotated[list[UUID], typer.Argument(help="The ids of letters.")]
Operator = Annotated[
    str | None, typer.Option(help="Who does it. Default: the user of this machine.")
]


@app.command("list")
def list_letters(
    *,
    service: Service = None,
    kind: Kind = None,
    error_class: ErrorClass = None,
    event_type: EventType = None,
    session: Session = None,
    status: Status = None,
    group: Fingerprint = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after a page.")] = None,
    as_json: Json = False,
) -> None:
    """List letters, those that came last first."""
    with connect() as services:
        page = services.get(
            DESK,
            "/v1/dead-letters",
            service=service,
            kind=kind,
            error_class=error_class,
            event_type=event_type,
            session=session,
            status=status,
            fingerprint=group,
            since=_utc(since),
            until=_utc(until),
            limit=limit,
            cursor=cursor,
        )
    if as_json:
        print_json(page)
    else:
        show_page(console(), page)


@app.command()
def groups(
    *,
    service: Service = None,
    kind: Kind = None,
    session: Session = None,
    status: Status = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show failures of one cause together, the one that failed last first."""
    with connect() as services:
        page = services.get(
            DESK,
            "/v1/dead-letters/groups",
            service=service,
            kind=kind,
            session=session,
            status=status,
            since=_utc(since),
            until=_utc(until),
            limit=limit,
        )
    if as_json:
        print_json(page)
    else:
        show_groups(console(), page)


@app.command()
def show(
    letter: Annotated[UUID, typer.Argument(help="The id of a letter.")],
    *,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing short.")] = False,
    as_json: Json = False,
) -> None:
    """Show one letter: why it failed, what is in it, what was done with it."""
    with connect() as services:
        found = services.get(DESK, f"/v1/dead-letters/{letter}")
    if as_json:
        print_json(found)
    else:
        show_letter(console(), found, full=full)


@app.command()
def redrive(
    letters: Letters,
    *,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why it will be handled now.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Send letters back to the service that failed, and to no other."""
    body = {"operator": operator or _user(), "reason": reason, "dry_run": dry_run}
    _act(letters, "redrive", body, _redriven, as_json=as_json)


@app.command()
def discard(
    letters: Letters,
    *,
    reason: Annotated[str, typer.Option(help="Why it need not be handled.")],
    operator: Operator = None,
    as_json: Json = False,
) -> None:
    """Give letters up; they stay where they can be read."""
    body = {"operator": operator or _user(), "reason": reason}
    _act(letters, "discard", body, lambda _: "discarded", as_json=as_json)


def _act(
    letters: list[UUID],
    action: str,
    body: dict[str, Any],
    describe: Callable[[Any], str],
    *,
    as_json: bool,
) -> None:
    """Do the action on each letter; go on after a refusal, and fail at the end."""
    with connect() as services:
        results = [_one(services, letter, action, body) for letter in letters]
    if as_json:
        print_json(results)
    else:
        for each in results:
            said = each["error"] if "error" in each else describe(each)
            typer.echo(f"{each['id']}  {said}", err="error" in each)
    if any("error" in each for each in results):
        raise typer.Exit(1)


def _one(services: Services, letter: UUID, action: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        result = services.post(DESK, f"/v1/dead-letters/{letter}/{action}", body)
    except CommandError as error:
        return {"id": str(letter), "error": str(error)}
    return {"id": str(letter), **result}


def _redriven(result: Any) -> str:
    topic = one_line(str(result["topic"]))
    if result["dry_run"]:
        return f"would be sent to {topic}"
    times = result["letter"]["redrive_count"]
    return f"sent to {topic} ({plural(times, 'redrive')} so far)"


def _utc(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat()}Z"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise CommandError("say who you are with --operator") from error
