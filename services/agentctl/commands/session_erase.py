# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions erase``: deletes a person's data, for good."""

import sys
from typing import Annotated, Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_import import installation
from services.agentctl.commands.person import By, person_or_user
from services.agentctl.commands.session_steer import ORCHESTRATOR, Session
from services.agentctl.errors import CommandError, NotThereError
from services.agentctl.output import Json, plural, print_json
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def erase(
    session: Session,
    *,
    reason: Annotated[str, typer.Option(help="Why. It is kept, so name no person.")] = "",
    by: By = None,
    with_forks: Annotated[
        bool, typer.Option("--with-forks", help="Also what was forked from it, and so on.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase what was said in a session, in every service; numbers and proofs stay.

    One that is here by import alone is erased in the history, the only place that has it.
    """
    body = {"by": person_or_user(by), "reason": reason}
    if not yes:
        _agree(session)
    with connect() as services:
        erased = _erase(services, session, body, with_forks=with_forks)
    if as_json:
        print_json(erased)
        return
    for each in erased:
        typer.echo(_said(each))
    left = sorted({fork for each in erased for fork in each["forks"]} - _ids(erased))
    if left:
        typer.echo(
            f"{plural(len(left), 'fork')} still have what was said, erase them too"
            f" (--with-forks): {', '.join(map(one_line, left))}"
        )


def _agree(session: str) -> None:
    """Ask a person; a program has to say --yes, since what is erased does not come back."""
    if not sys.stdin.isatty():
        raise CommandError("nothing is erased without --yes where nobody can be asked")
    asked = f"erase session {one_line(session)} for good, in every service?"
    typer.confirm(asked, abort=True, err=True)


def _erase(
    services: Services, session: str, body: dict[str, str], *, with_forks: bool
) -> list[dict[str, Any]]:
    """Erase a session, and then what was forked from it, as far as that was not erased before."""
    erased: list[dict[str, Any]] = []
    waiting = [session]
    while waiting:
        found = _erase_one(services, waiting.pop(0), body)
        erased.append(found)
        if with_forks:
            waiting += found["forks"]
    return erased


def _erase_one(services: Services, session: str, body: dict[str, str]) -> dict[str, Any]:
    """Have the orchestrator erase a session everywhere, or persistence what it alone has of it."""
    path = f"/v1/sessions/{quoted(session)}/erase"
    try:
        return {**services.post(ORCHESTRATOR, path, body), "service": ORCHESTRATOR}
    except NotThereError as unknown:
        try:
            return {**services.post(PERSISTENCE, path, body), "service": PERSISTENCE}
        except CommandError as refused:
            raise CommandError(f"{unknown}; {refused}") from refused


def _said(erased: dict[str, Any]) -> str:
    done = f"session {one_line(erased['session_id'])} is erased"
    if erased["service"] == ORCHESTRATOR:
        return done
    names = " and ".join(map(installation, erased["installations"]))
    return (
        f"{done} in the history, where alone it was, by import;"
        f" it came from {names}, and has to be erased there, too"
    )


def _ids(erased: list[dict[str, Any]]) -> set[str]:
    return {each["session_id"] for each in erased}
