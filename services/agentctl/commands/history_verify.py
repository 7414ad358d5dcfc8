# SPDX-License-Identifier: Apache-2.0
"""``agentctl history verify``: folds the recorded events again and compares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.history_divergences import show_divergences
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, plural, print_json, print_json_list
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


@dataclass(slots=True)
class Tally:
    """What was found so far: of many sessions, nothing else is held."""

    sessions: int = 0
    well: int = 0
    bad: int = 0
    unread: int = 0
    gaps: int = 0
    events: int = 0
    snapshots: int = 0

    def count(self, found: Any) -> Any:
        """Take a session in, and return what was found of it."""
        self.sessions += 1
        if found.get("problem"):
            self.unread += 1
        else:
            self.bad += not found["verified"]
        self.gaps += bool(found["gaps"])
        if _is_well(found):
            self.well += 1
            self.events += found["sequence"]
            self.snapshots += found.get("snapshots", 0)
        return found

    @property
    def folded(self) -> str:
        """Return how much was folded again in the sessions that are well."""
        with_snapshots = f" and {plural(self.snapshots, 'snapshot')}" if self.snapshots else ""
        return f"{plural(self.events, 'event')}{with_snapshots} folded again"

    def judge(self) -> None:
        """End with an error if not all is well.

        Raises:
            CommandError: it is not.
        """
        if self.bad:
            of_which = f" in {plural(self.bad, 'session')}" if self.sessions > 1 else ""
            raise CommandError(f"what is recorded is not what the events add up to{of_which}")
        if self.unread:
            raise CommandError(f"{plural(self.unread, 'session')} could not be verified")
        if self.gaps:
            raise CommandError("events are missing, so what comes after them was not verified")


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
    tally = Tally()
    with connect() as services:
        if session:
            _show_one(tally.count(_one(services, session)), tally, as_json=as_json)
        else:
            _show_all(services, tally, as_json=as_json)
    tally.judge()


def _one(services: Services, session: str) -> Any:
    return services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/verification")


def _each(services: Services) -> Iterator[Any]:
    """Give what was found of each session as it comes, a page at a time."""
    page = services.get(PERSISTENCE, "/v1/verifications")
    yield from page["items"]
    while page["next"]:
        page = services.get(PERSISTENCE, "/v1/verifications", cursor=page["next"])
        yield from page["items"]


def _show_one(found: Any, tally: Tally, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    screen = console()
    show_divergences(screen, found)
    if found["verified"]:
        screen.print(f"{tally.folded}: all that is recorded agrees")


def _show_all(services: Services, tally: Tally, *, as_json: bool) -> None:
    each_found = (tally.count(found) for found in _each(services))
    if as_json:
        print_json_list(each_found)
        return
    screen = console()
    for found in each_found:
        if not _is_well(found):
            screen.print(one_line(found["session_id"]), style="bold")
            show_divergences(screen, found)
    screen.print(f"{plural(tally.well, 'session')} of {tally.sessions}: {tally.folded}")


def _is_well(found: Any) -> bool:
    return bool(found["verified"]) and not found["gaps"]
