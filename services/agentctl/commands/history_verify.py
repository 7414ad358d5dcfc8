# SPDX-License-Identifier: Apache-2.0
"""``agentctl history verify``: folds the recorded events again and compares."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_divergences import show_divergences
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, plural, print_json
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def verify(
    session: Annotated[str | None, typer.Argument(help="The id of a session.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Verify all sessions.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the events of a session again and compare with its read models and snapshots.

    Exits with 1 if they do not agree, or if events are missing or were altered.
    """
    if (session is None) is not every:
        raise CommandError("give either the id of a session, or --all")
    with connect() as services:
        found = _one(services, session) if session else _all(services)
        if as_json:
            print_json(found["items"] if every else found)
        else:
            _show(console(), found, every=every)
    _judge(found["items"] if every else [found])


def _one(services: Services, session: str) -> Any:
    return services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/verification")


def _all(services: Services) -> Any:
    return {"items": list(_pages(services))}


def _pages(services: Services) -> Iterator[Any]:
    page = services.get(PERSISTENCE, "/v1/verifications")
    yield from page["items"]
    while page["next"]:
        page = services.get(PERSISTENCE, "/v1/verifications", cursor=page["next"])
        yield from page["items"]


def _show(screen: Console, found: Any, *, every: bool) -> None:
    if not every:
        show_divergences(screen, found)
        if found["verified"]:
            screen.print(f"{_folded([found])} folded again: all that is recorded agrees")
        return
    items = found["items"]
    for each in items:
        if not _is_well(each):
            screen.print(one_line(each["session_id"]), style="bold")
            show_divergences(screen, each)
    well = [each for each in items if _is_well(each)]
    screen.print(f"{plural(len(well), 'session')} of {len(items)}: {_folded(well)} folded again")


def _folded(items: list[Any]) -> str:
    events = sum(each["sequence"] for each in items)
    snapshots = sum(each.get("snapshots", 0) for each in items)
    with_snapshots = f" and {plural(snapshots, 'snapshot')}" if snapshots else ""
    return f"{plural(events, 'event')}{with_snapshots}"


def _is_well(found: Any) -> bool:
    return bool(found["verified"]) and not found["gaps"]


def _judge(items: list[Any]) -> None:
    bad = [each for each in items if not each["verified"]]
    if bad:
        of_which = f" in {plural(len(bad), 'session')}" if len(items) > 1 else ""
        raise CommandError(f"what is recorded is not what the events add up to{of_which}")
    if any(each["gaps"] for each in items):
        raise CommandError("events are missing, so what comes after them was not verified")
