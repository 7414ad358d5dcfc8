# SPDX-License-Identifier: Apache-2.0
"""``agentctl approvals approve|edit|reject``: decides on a call, which is shown before.

The digest of the arguments that were shown goes with the decision, so that it is about these.
"""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from services.agentctl.commands.approval_view import show_approval
from services.agentctl.commands.connection import connect
from services.agentctl.commands.open_approval import ORCHESTRATOR, approval_of
from services.agentctl.commands.person import By, Reason, person_or_user
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, print_json
from services.agentctl.text import one_line, quoted

Session = Annotated[str, typer.Argument(help="The id of a session.")]
Approval = Annotated[str | None, typer.Argument(help="The only open one if left out.")]
Digest = Annotated[
    str | None,
    typer.Option(help="Of the arguments that you saw, if that was not just now."),
]


def approve(
    session: Session,
    approval: Approval = None,
    *,
    digest: Digest = None,
    by: By = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Have a call made, with exactly the arguments that are shown."""
    _decide("approve", session, approval, by, reason, digest=digest, as_json=as_json)


def edit(
    session: Session,
    approval: Approval = None,
    *,
    arguments: Annotated[
        str, typer.Option(help="All arguments as JSON, or @FILE, which may be @- for the input.")
    ],
    digest: Digest = None,
    by: By = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Have a call made with other arguments."""
    new = _arguments(arguments)
    _decide("edit", session, approval, by, reason, digest=digest, as_json=as_json, arguments=new)


def reject(
    session: Session,
    approval: Approval = None,
    *,
    by: By = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Have a call not made; the model is told, with the reason."""
    _decide("reject", session, approval, by, reason, digest=None, as_json=as_json)


def _decide(
    decision: str,
    session: str,
    approval: str | None,
    by: str | None,
    reason: str,
    *,
    digest: str | None,
    as_json: bool,
    arguments: dict[str, Any] | None = None,
) -> None:
    with connect() as services:
        found = approval_of(services, session, approval)
        if not as_json:
            show_approval(console(), found)
        body = {
            "decision": decision,
            "decided_by": person_or_user(by),
            "reason": reason,
            "arguments_digest": digest or found["arguments_digest"],
            "arguments": arguments,
        }
        path = f"/v1/sessions/{quoted(session)}/approvals/{quoted(found['id'])}"
        decided = services.post(ORCHESTRATOR, path, body)
    if as_json:
        print_json(decided)
    else:
        typer.echo(f"\n{one_line(decided['state'])} by {one_line(decided['decided_by'])}")


def _arguments(given: str) -> dict[str, Any]:
    """Return the arguments that were given.

    Raises:
        CommandError: they are no JSON object, or their file cannot be read.
    """
    try:
        text = _read(given[1:]) if given.startswith("@") else given
        arguments = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{given[1:]} cannot be read: {error}") from error
    except ValueError as error:
        raise CommandError(f"--arguments is no JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise CommandError('--arguments has to be a JSON object, such as {"path": "a.txt"}')
    return cast("dict[str, Any]", arguments)


def _read(name: str) -> str:
    if name == "-":
        return typer.get_text_stream("stdin").read()
    return Path(name).read_text("utf-8")
