# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions cancel|pause|resume|switch|complete``: steers what goes on in a session."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.person import By, Reason, person_or_user
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, plural, print_json
from services.agentctl.text import one_line, quoted

ORCHESTRATOR = "orchestrator"

Session = Annotated[str, typer.Argument(help="The id of a session.")]


def cancel(
    session: Session,
    *,
    turn: Annotated[str | None, typer.Option(help="Only this turn.")] = None,
    by: By = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Stop what is going on, calls of models too; the session goes on."""
    turns = _post(session, "cancel", {**_signed(by, reason), "turn_id": turn})
    if as_json:
        print_json(turns)
    elif not turns:
        typer.echo("nothing was going on")
    else:
        numbers = ", ".join(str(each["number"]) for each in turns)
        typer.echo(f"cancelled {plural(len(turns), 'turn')}: {numbers}")


def pause(session: Session, *, by: By = None, reason: Reason = "", as_json: Json = False) -> None:
    """Begin no further call until the session is resumed."""
    _steer(session, "pause", _signed(by, reason), "paused", as_json=as_json)


def resume(session: Session, *, by: By = None, reason: Reason = "", as_json: Json = False) -> None:
    """Go on where the session was paused."""
    _steer(session, "resume", _signed(by, reason), "goes on", as_json=as_json)


def switch(
    session: Session,
    agent: Annotated[str, typer.Argument(help="The agent that goes on.")],
    *,
    reason: Reason = "asked for by a person",
    as_json: Json = False,
) -> None:
    """Have another agent go on, from the next turn."""
    body = {"agent": agent, "reason": reason}
    _steer(session, "agent", body, f"is with {one_line(agent)}", as_json=as_json)


def complete(
    session: Session, *, by: By = None, reason: Reason = "", as_json: Json = False
) -> None:
    """End a conversation; what is unfinished is cancelled."""
    _steer(session, "complete", _signed(by, reason), "is completed", as_json=as_json)


def answer(
    session: Session,
    call: Annotated[str, typer.Argument(help="The call_id or effect_id of a call.")],
    *,
    result: Annotated[str | None, typer.Option(help="What it gave; - reads the input.")] = None,
    error: Annotated[str | None, typer.Option(help="Why it cannot be made.")] = None,
    as_json: Json = False,
) -> None:
    """Give the result of a call that an agent asked of the client."""
    text = typer.get_text_stream("stdin").read() if result == "-" else result
    if (text is None) == (error is None):
        raise CommandError("give either --result or --error")
    body = {"result": text} if error is None else {"error": error}
    given = _post(session, f"tool-results/{quoted(call)}", body)
    if as_json:
        print_json(given)
    else:
        typer.echo(f"{one_line(given['tool'])} is {one_line(given['state'])}")


def _steer(session: str, verb: str, body: Mapping[str, Any], done: str, *, as_json: bool) -> None:
    found = _post(session, verb, body)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"session {one_line(found['id'])} {done}")


def _post(session: str, verb: str, body: Mapping[str, Any]) -> Any:
    with connect() as services:
        return services.post(ORCHESTRATOR, f"/v1/sessions/{quoted(session)}/{verb}", body)


def _signed(by: str | None, reason: str) -> dict[str, str]:
    return {"by": person_or_user(by), "reason": reason}
