# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq edit``: send a corrected copy of a letter to the service that failed."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from services.agentctl.commands.connection import connect
from services.agentctl.commands.editor import edited
from services.agentctl.commands.letter_options import DESK, Operator, operator_or_user
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, print_json
from services.agentctl.text import one_line

_object = TypeAdapter(dict[str, Any])
LARGEST = 4 * 1024 * 1024

Payload = Annotated[
    Path | None,
    typer.Option(
        "--payload", help="A file with the JSON of the event, or - ; without it, $EDITOR opens."
    ),
]


def edit(
    letter: Annotated[UUID, typer.Argument(help="The id of a letter.")],
    *,
    reason: Annotated[str, typer.Option(help="What was wrong.")],
    payload: Payload = None,
    event_type: Annotated[
        str | None, typer.Option("--type", help="Its type, if the letter does not say.")
    ] = None,
    aggregate: Annotated[
        str | None, typer.Option(help="Its session, if the letter does not say.")
    ] = None,
    sequence: Annotated[
        int | None, typer.Option(min=1, help="Its number, if the letter does not say.")
    ] = None,
    operator: Operator = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only see whether it fits.")] = False,
    as_json: Json = False,
) -> None:
    """Correct a letter: a new event takes the place of the one that failed.

    It goes to the service that failed alone, names the event that failed as its cause, and is
    applied before what waits behind it. The letter is closed as edited.
    """
    with connect() as services:
        given = (
            _read(payload) if payload else _ask(services.get(DESK, f"/v1/dead-letters/{letter}"))
        )
        body = {
            "operator": operator_or_user(operator),
            "reason": reason,
            "payload": given,
            "event_type": event_type,
            "aggregate_id": aggregate,
            "sequence": sequence,
            "dry_run": dry_run,
        }
        result = services.post(DESK, f"/v1/dead-letters/{letter}/edit", body)
    if as_json:
        print_json(result)
        return
    topic = one_line(str(result["topic"]))
    made = "would be sent" if dry_run else f"is now event {result['new_event_id']}, sent"
    typer.echo(f"{letter}  {made} to {topic}")


def _read(path: Path) -> dict[str, Any]:
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise CommandError(f"{path} is larger than {LARGEST} bytes")
    return _payload(content)


def _ask(letter: Any) -> dict[str, Any]:
    """Return what a person makes of the body of a letter in an editor.

    Raises:
        CommandError: it has no text to begin with, or nothing was changed.
    """
    body = letter["body"]
    text: str | None = body["text"] if body else None
    if text is None:
        raise CommandError("the body of the letter is no text; give the event with --payload")
    return _payload(edited(_indented(text), suffix=".json"))


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    except ValueError:
        return text


def _payload(content: str | bytes) -> dict[str, Any]:
    try:
        return _object.validate_json(content)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise CommandError(f"the event is no JSON object: {reason}") from error
