# SPDX-License-Identifier: Apache-2.0
"""``agentctl approvals``: the calls that wait for people."""

from typing import Annotated, Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.approval_decisions import approve, edit, reject
from services.agentctl.commands.approval_view import show_approval, show_approvals
from services.agentctl.commands.connection import connect
from services.agentctl.commands.open_approval import ORCHESTRATOR, approval_of
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, print_json
from services.agentctl.text import quoted

app = typer.Typer(no_args_is_help=True, help="The calls that wait for people.")
app.command()(approve)
app.command()(edit)
app.command()(reject)


@app.command("list")
def list_approvals(
    session: Annotated[str | None, typer.Argument(help="Of this session, also decided.")] = None,
    *,
    state: Annotated[
        str | None,
        typer.Option(help="open, approved, edited, rejected, expired or cancelled."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List what waits for a decision in all sessions, or all that waited in one."""
    with connect() as services:
        found = _find(services, session, state, limit)
    if as_json:
        print_json(found)
    else:
        show_approvals(console(), found)


@app.command()
def show(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    approval: Annotated[str | None, typer.Argument(help="The only open one if left out.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show a call with its arguments, and what was decided."""
    with connect() as services:
        found = approval_of(services, session, approval)
    if as_json:
        print_json(found)
    else:
        show_approval(console(), found)


def _find(services: Services, session: str | None, state: str | None, limit: int) -> Any:
    if session is None:
        if state not in {None, "open"}:
            raise CommandError("name a session to see what is not open any more")
        return services.get(ORCHESTRATOR, "/v1/approvals", limit=limit)
    path = f"/v1/sessions/{quoted(session)}/approvals"
    return services.get(ORCHESTRATOR, path, state=state)[-limit:]
