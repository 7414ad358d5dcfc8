# SPDX-License-Identifier: Apache-2.0
"""``agentctl history tree``: all that one request led to, and what is wrong with it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_lines import show_events
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, plural, print_json
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def tree(
    correlation: Annotated[str, typer.Argument(help="A correlation id, as of a turn.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="How many events at most.")] = 1000,
    as_json: Json = False,
) -> None:
    """Show all events of a correlation below their causes, whatever session they are of.

    Exits with 1 if there are orphans, cycles, gaps, duplicates or conflicts, which are named.
    """
    with connect() as services:
        path = f"/v1/correlations/{quoted(correlation)}"
        found = services.get(PERSISTENCE, path, limit=limit)
    wrong = list(_problems(found))
    if as_json:
        print_json(found)
    else:
        screen = console()
        show_events(screen, found["events"])
        for each in wrong:
            screen.print(one_line(each), style="red")
        if found["truncated"]:
            screen.print("… and more", style="dim")
    if wrong:
        raise CommandError(f"{plural(len(wrong), 'thing')} wrong with the causes")


def _problems(found: Any) -> Iterator[str]:
    at: dict[str, str] = {each["event_id"]: f"event {each['sequence']}" for each in found["events"]}
    for orphan in found["orphans"]:
        yield f"orphan: the cause of {at.get(orphan, orphan)} is nowhere"
    for cycle in found["cycles"]:
        names = " ← ".join(at.get(each) or str(each) for each in cycle)
        yield f"cycle: each is the cause of the one before: {names}"
    for stream in found["gaps"]:
        for gap in stream["gaps"]:
            numbers = f"{gap['first']} to {gap['last']}"
            yield f"gap: events {numbers} of {stream['aggregate_id']} are missing"
    for each in found["duplicates"]:
        yield f"duplicate: event {each['sequence']} {each['detail']}"
    for each in found["conflicts"]:
        yield f"conflict: event {each['sequence']}: {each['detail']}"
