# SPDX-License-Identifier: Apache-2.0
"""Which letters a command is about, and in which order they are taken."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import typer

from services.agentctl.client import Services, Value
from services.agentctl.commands.letter_options import DESK
from services.agentctl.errors import CommandError
from services.agentctl.output import plural

PAGE = 500
WAITING = ("open", "parked")

Letter = Mapping[str, Any]


def only_one_way(letters: Sequence[UUID] | None, filters: Mapping[str, Value]) -> None:
    """Refuse a command that names letters in two ways, or in none.

    Raises:
        CommandError: it does; nothing is ever done to all letters because nothing was said.
    """
    chosen = any(value is not None for value in filters.values())
    if bool(letters) == chosen:
        raise CommandError("say which letters: either by their ids, or by --group and filters")
    if filters.get("status") not in {None, *WAITING}:
        raise CommandError("only an open or a parked letter can be redriven or discarded")


def select(services: Services, filters: Mapping[str, Value]) -> list[Letter]:
    """Return the letters that meet the filters now, in the order in which they are taken."""
    query: dict[str, Value] = {**filters, "status": filters.get("status") or "open"}
    page = services.get(DESK, "/v1/dead-letters", **query, limit=PAGE)
    found: list[Letter] = list(page["items"])
    while page["next"]:
        page = services.get(DESK, "/v1/dead-letters", **query, limit=PAGE, cursor=page["next"])
        found.extend(page["items"])
    return in_order(found)


def in_order(letters: Iterable[Letter]) -> list[Letter]:
    """Return letters session by session, that which failed first first, each by sequence.

    What has no place in its session comes behind what has, by the time of its first failure. A
    session is taken as a whole, so that no later event of it is sent before an earlier one.
    """
    streams: dict[tuple[str, str], list[Letter]] = defaultdict(list)
    for each in letters:
        stream = each["aggregate_id"] or each["session_id"] or each["id"]
        streams[each["service"] or "", stream].append(each)
    ordered = sorted(
        streams.values(), key=lambda stream: min(_first_failed(each) for each in stream)
    )
    return [each for stream in ordered for each in sorted(stream, key=_place)]


def agree(action: str, letters: Sequence[Letter], *, yes: bool) -> None:
    """Ask in a terminal whether to go on; a program has decided before.

    Raises:
        typer.Abort: no.
    """
    if letters and not yes and sys.stdin.isatty():
        typer.confirm(f"{action} {plural(len(letters), 'letter')}?", abort=True, err=True)


def _place(letter: Letter) -> tuple[bool, int, datetime, str]:
    sequence = letter["sequence"]
    return sequence is None, sequence or 0, _first_failed(letter), letter["id"]


def _first_failed(letter: Letter) -> datetime:
    return datetime.fromisoformat(letter["first_failed_at"])
