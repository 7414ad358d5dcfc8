# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq jobs``: the work on many letters that the desk does by itself."""

from typing import Annotated
from uuid import UUID

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.job_view import OF_INTEREST, show_job, show_jobs, show_letters
from services.agentctl.commands.letter_jobs import JOBS, letters_of
from services.agentctl.commands.letter_options import DESK, Operator, operator_or_user
from services.agentctl.output import Json, console, print_json

app = typer.Typer(no_args_is_help=True, help="Work on many letters, done by the desk.")

JobId = Annotated[UUID, typer.Argument(help="The id of a job.")]


@app.command("list")
def list_jobs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after a page.")] = None,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    with connect() as services:
        page = services.get(DESK, JOBS, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
    else:
        show_jobs(console(), page)


@app.command()
def show(
    job: JobId,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every letter, not only what came back or was refused.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how far a job is, what became of its letters, and why it ended."""
    with connect() as services:
        found = services.get(DESK, f"{JOBS}/{job}")
        outcomes = None if every or as_json else OF_INTEREST
        letters = letters_of(services, str(job), outcomes=outcomes)
    if as_json:
        print_json({"job": found, "letters": letters})
        return
    show_job(console(), found)
    show_letters(letters)


@app.command()
def stop(
    job: JobId,
    *,
    reason: Annotated[str, typer.Option(help="Why it is not to go on.")],
    operator: Operator = None,
    as_json: Json = False,
) -> None:
    """End a job where it is; what it has sent stays sent, the other letters as they are."""
    body = {"operator": operator_or_user(operator), "reason": reason}
    with connect() as services:
        stopped = services.post(DESK, f"{JOBS}/{job}/stop", body)
    if as_json:
        print_json(stopped)
    else:
        show_job(console(), stopped)
