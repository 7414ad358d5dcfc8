# SPDX-License-Identifier: Apache-2.0
"""``agentctl history export``: a session as lines of JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.person import By, Reason, person_or_user
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, plural, print_json
from services.agentctl.text import quoted

PERSISTENCE = "persistence"


def export(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    file: Annotated[Path, typer.Argument(help="Where to write it; a new file.")],
    *,
    by: By = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Write all events of a session to a file, as they came, each line with a digest.

    Who did it is told to everybody, by an event.
    """
    path = f"/v1/sessions/{quoted(session)}/export"
    signed = {"exported_by": person_or_user(by), "reason": reason}
    with connect() as services:
        lines = services.text(PERSISTENCE, path, **signed)
    last = _last(lines)
    try:
        with file.open("x", encoding="utf-8") as writing:
            writing.write(lines)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error
    told: dict[str, Any] = {"file": str(file), "events": last["events"], "digest": last["digest"]}
    if as_json:
        print_json(told)
    else:
        typer.echo(f"{plural(told['events'], 'event')} in {file}")
        typer.echo(f"digest {told['digest']}")


def _last(lines: str) -> Any:
    """Return the line that ends an export; one that was cut off on its way has none."""
    found = json.loads(lines[lines.rstrip("\n").rfind("\n") + 1 :])
    if not found.get("end"):
        raise CommandError("the export was cut off on its way; try again")
    return found
