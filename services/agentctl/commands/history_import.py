# SPDX-License-Identifier: Apache-2.0
"""``agentctl history import``: a session of another installation, from its export."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, fields, moment, plural, print_json
from services.agentctl.text import one_line

PERSISTENCE = "persistence"
EXPORT = "application/x-ndjson"


def import_session(
    file: Annotated[Path, typer.Argument(help="What `history export` has written.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check and compare.")] = False,
    by: Annotated[str, typer.Option(help="Who brings it.")] = "anonymous",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Json = False,
) -> None:
    """Take in a session of another installation, to look at its history here.

    All of it is checked first. What is here already stays as it is; another session by the same id
    is refused.
    """
    query = {"imported_by": by, "reason": reason, "dry_run": "true" if dry_run else None}
    try:
        with file.open("rb") as reading, connect() as services:
            found = services.upload(PERSISTENCE, "/v1/imports", reading, kind=EXPORT, query=query)
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error
    if as_json:
        print_json(found)
    else:
        _show(console(), found)


def imported(each: Any) -> str:
    """Return where a session came from, in words."""
    numbers = f"events {each['first_sequence']} to {each['last_sequence']}"
    return (
        f"{numbers} came from {installation(each['installation'])},"
        f" brought by {one_line(each['imported_by'])} on {moment(each['imported_at'])} UTC"
    )


def installation(name: str) -> str:
    """Return which installation that is, in words."""
    return f"the installation {one_line(name)!r}" if name else "an installation without a name"


def _show(screen: Console, found: Any) -> None:
    screen.print(
        fields(
            [
                ("session", found["session_id"]),
                ("from", installation(found["installation"])),
                ("exported", f"{moment(found['exported_at'])} UTC"),
                ("digest", found["digest"]),
                ("events", _done(found)),
            ]
        )
    )


def _done(found: Any) -> str:
    if found["outcome"] == "unchanged":
        return f"{found['events']}, all here already: nothing to do"
    done = "would be added" if found["dry_run"] else "added"
    of_all = "" if found["added"] == found["events"] else f" to the {_before(found)} from before"
    return f"{found['added']} {done}{of_all}"


def _before(found: Any) -> str:
    return plural(found["events"] - found["added"], "event")
