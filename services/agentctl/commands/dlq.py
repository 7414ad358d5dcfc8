# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq``: the messages that could not be handled."""

from typing import Annotated
from uuid import UUID

import typer

from services.agentctl.commands import dlq_jobs
from services.agentctl.commands.connection import connect
from services.agentctl.commands.dlq_discard import discard
from services.agentctl.commands.dlq_edit import edit
from services.agentctl.commands.dlq_redrive import redrive
from services.agentctl.commands.letter_options import DESK, LetterChoice, with_choice
from services.agentctl.commands.letter_session import show_session_around
from services.agentctl.commands.letter_view import show_groups, show_letter, show_page
from services.agentctl.output import Json, console, print_json

app = typer.Typer(no_args_is_help=True, help="The messages that could not be handled.")
app.command()(redrive)
app.command()(discard)
app.command()(edit)
app.add_typer(dlq_jobs.app, name="jobs")

Limit = Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")]


@app.command("list")
@with_choice
def list_letters(
    *,
    choice: LetterChoice,
    limit: Limit = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after a page.")] = None,
    as_json: Json = False,
) -> None:
    """List letters, those that came last first."""
    with connect() as services:
        page = services.get(
            DESK, "/v1/dead-letters", **choice.filters(), limit=limit, cursor=cursor
        )
    if as_json:
        print_json(page)
    else:
        show_page(console(), page)


@app.command()
@with_choice
def groups(*, choice: LetterChoice, limit: Limit = 50, as_json: Json = False) -> None:
    """Show failures of one cause together, the one that failed last first."""
    with connect() as services:
        page = services.get(DESK, "/v1/dead-letters/groups", **choice.filters(), limit=limit)
    if as_json:
        print_json(page)
    else:
        show_groups(console(), page)


@app.command()
def show(
    letter: Annotated[UUID, typer.Argument(help="The id of a letter.")],
    *,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing short.")] = False,
    around: Annotated[
        int, typer.Option(min=0, max=100, help="Events of its session before and after; 0 is none.")
    ] = 5,
    as_json: Json = False,
) -> None:
    """Show one letter: why it failed, what is in it, what was done with it, and its session."""
    with connect() as services:
        found = services.get(DESK, f"/v1/dead-letters/{letter}")
        if as_json:
            print_json(found)
            return
        screen = console()
        show_letter(screen, found, full=full)
        show_session_around(screen, services, found, around=around)
