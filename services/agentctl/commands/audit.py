# SPDX-License-Identifier: Apache-2.0
"""``agentctl audit``: is the record of what happened sound, and who signed it."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, cell, console, print_json, table
from services.agentctl.text import one_line, safe

AUDIT = "audit"

app = typer.Typer(no_args_is_help=True, help="The proof of what happened.")


@app.command()
def verify(
    *,
    log: Annotated[int | None, typer.Option(min=0, help="Only this log.")] = None,
    as_json: Json = False,
) -> None:
    """Verify the logs from the first entry to the last; fail if anything is wrong."""
    with connect() as services:
        report = services.post(AUDIT, "/v1/verify", {"log": log})
    if as_json:
        print_json(report)
    else:
        _show_report(console(), report)
    if not report["ok"]:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    log: Annotated[
        int | None, typer.Argument(min=0, help="A log; all of them if left out.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print the newest signed checkpoints (c2sp.org/tlog-checkpoint)."""
    with connect() as services:
        wanted = [log] if log is not None else _signed(services.get(AUDIT, "/v1/logs"))
        notes = {each: services.text(AUDIT, f"/v1/logs/{each}/checkpoint") for each in wanted}
    if as_json:
        print_json([{"log": each, "checkpoint": note} for each, note in notes.items()])
    else:
        typer.echo("\n".join(safe(note) for note in notes.values()) or "no checkpoints yet")


def _signed(logs: Any) -> list[int]:
    return [each["id"] for each in logs if each["signed_entries"]]


def _show_report(screen: Console, report: Any) -> None:
    rows = table("LOG", "CLUSTER", "SOUND", "ENTRIES", "PROVEN", right=("ENTRIES", "PROVEN"))
    for each in report["logs"]:
        log, cluster = _names(each["origin"])
        rows.add_row(
            cell(log),
            cell(cluster),
            "yes" if each["ok"] else "NO",
            cell(each["sound"]),
            cell(each["proven"]),
            style="" if each["ok"] else "red",
        )
    screen.print(rows)
    bad = [each for each in report["logs"] if not each["ok"]]
    for each in bad:
        screen.print(Text(f"{one_line(each['origin'])}: {one_line(each['problem'])}", style="red"))
    screen.print(f"{len(bad)} of {len(report['logs'])} logs are NOT sound" if bad else "all sound")


def _names(origin: str) -> tuple[str, str]:
    """Return topic and partition, and enough of the cluster to tell it from others."""
    rest, _, partition = origin.rpartition("/")
    before, _, topic = rest.rpartition("/")
    return f"{topic}/{partition}", before.rpartition("/")[2][-12:]
