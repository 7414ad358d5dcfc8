# SPDX-License-Identifier: Apache-2.0
"""Jobs of the desk as they are shown to people."""

from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from services.agentctl.output import STYLES, fields, minute, moment, plural, print_json
from services.agentctl.text import one_line

OF_INTEREST = ("came_back", "refused")
"""The outcomes that somebody has to do something about."""

_JOB = "{:36}  {:9}  {:8}  {:>13}  {:16}  {}"


def show_chosen(answer: Any, *, kind: str) -> None:
    """Show what a job would take, in order."""
    fate = "would be sent" if kind == "redrive" else "would be discarded"
    for each in answer["items"]:
        where = f" to {one_line(each['service'])}" if kind == "redrive" and each["service"] else ""
        typer.echo(f"{each['id']}  {_place(each)}  {fate}{where}")
    more = answer["letters"] - len(answer["items"])
    if more:
        typer.echo(f"and {more} more")
    said = f"{plural(answer['letters'], 'letter')}: all {fate}"
    typer.echo(said if answer["letters"] else "no such letter")


def show_end(job: Any, letters: list[Any], *, as_json: bool) -> None:
    """Show what came of a job, and each letter that needs somebody; or all as JSON."""
    if as_json:
        print_json({"job": job, "letters": letters})
        return
    show_letters(letters)
    typer.echo(f"job {job['id']}: {job['state']}")
    typer.echo(f"{plural(job['letters'], 'letter')}: {_counts(job)}")


def show_letters(letters: Iterable[Any]) -> None:
    """Show a line for each letter, in order."""
    for each in letters:
        why = f": {one_line(each['error'])}" if each["error"] else ""
        outcome = each["outcome"].replace("_", " ")
        typer.echo(f"{each['id']}  {_place(each)}  {outcome}{why}")


def show_jobs(screen: Console, page: Any) -> None:
    """Show jobs, a line for each."""
    if not page["items"]:
        screen.print("no jobs")
        return
    heading = ("ID", "STATE", "KIND", "DONE", "STARTED (UTC)", "BY")
    screen.print(_JOB.format(*heading), style="bold")
    for each in page["items"]:
        line = _JOB.format(
            each["id"],
            each["state"],
            each["kind"],
            f"{each['done']} of {each['letters']}",
            minute(each["started_at"]),
            one_line(each["operator"]),
        )
        screen.print(Text(line, style=STYLES.get(each["state"], "")), soft_wrap=True)
    if page["next"]:
        screen.print(f"more: --cursor {one_line(str(page['next']))}", style="dim")


def show_job(screen: Console, job: Any) -> None:
    """Show all that is known of a job but its letters."""
    choice = ", ".join(f"{name} {value}" for name, value in job["choice"].items())
    ended = moment(job["ended_at"]) if job["ended_at"] else None
    pairs = [
        ("job", job["id"]),
        ("kind", job["kind"]),
        ("state", job["state"]),
        ("choice", choice),
        ("done", f"{job['done']} of {job['letters']}"),
        ("letters", _counts(job)),
        ("by", job["operator"]),
        ("reason", job["reason"]),
        ("rate", f"{job['rate']:g} per second" if job["rate"] else None),
        ("started", moment(job["started_at"])),
        ("ended", ended),
        ("ended by", job["ended_by"]),
        ("why", job["why_ended"]),
    ]
    screen.print(fields((name, value) for name, value in pairs if value))


def _counts(job: Any) -> str:
    counts = job["outcomes"].items()
    return ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in counts)


def _place(letter: Any) -> str:
    place = "" if letter["sequence"] is None else f" #{letter['sequence']}"
    return f"{one_line(letter['session_id'] or 'no session')}{place}"
