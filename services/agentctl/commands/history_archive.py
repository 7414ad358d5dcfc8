# SPDX-License-Identifier: Apache-2.0
"""``agentctl history read-archive``: the events of a month that is in a file."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from services.agentctl.commands.history_lines import show_events
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, print_json
from shared.errors import DecodingError
from shared.eventstore.archive import AlteredArchiveError, read_archive
from shared.eventstore.stored_event import StoredEvent


def read(
    file: Annotated[Path, typer.Argument(help="A file that deploy.archive wrote.")],
    *,
    session: Annotated[str | None, typer.Option(help="Only events of this session.")] = None,
    as_json: Json = False,
) -> None:
    """Show the events of an archived month; all of the file is checked before."""
    try:
        for _ in read_archive(file):
            pass
        found = (each for each in read_archive(file) if session in {None, each.aggregate_id})
        if as_json:
            print_json([_told(each) for each in found])
        else:
            show_events(console(), map(_line, found))
    except AlteredArchiveError as error:
        raise CommandError(f"{file} is not as it was written: {error}") from error
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror or error}") from error


def _line(stored: StoredEvent) -> dict[str, Any]:
    """Return an event as a line; the stream is in the text, as a file has many."""
    _, level, name, _ = stored.type_name.split(".")
    told = _told(stored)
    data: dict[str, Any] = told["data"] or {}
    said = " ".join(f"{key}={value}" for key, value in data.items())
    return {
        "sequence": stored.sequence,
        "occurred_at": told["occurred_at"],
        "depth": 0,
        "level": level,
        "type": name,
        "error": told["problem"] is not None,
        "duration_seconds": None,
        "text": f"{stored.aggregate_id}  {told['problem'] or said}",
    }


def _told(stored: StoredEvent) -> dict[str, Any]:
    """Return all that is known of an event, its bytes as they came."""
    data, problem = _read(stored)
    return {
        "event_id": str(stored.event_id),
        "aggregate_id": stored.aggregate_id,
        "sequence": stored.sequence,
        "type": stored.type_name,
        "correlation_id": stored.correlation_id,
        "causation_id": stored.causation_id and str(stored.causation_id),
        "occurred_at": stored.occurred_at.isoformat(timespec="milliseconds"),
        "recorded_at": stored.recorded_at.isoformat(),
        "erased_at": stored.erased_at and stored.erased_at.isoformat(),
        "kafka": stored.coordinates and stored.coordinates._asdict(),
        "headers": dict(_texts(stored)),
        "value": b64encode(stored.value).decode(),
        "data": data,
        "problem": problem,
    }


def _texts(stored: StoredEvent) -> Iterator[tuple[str, str]]:
    for name, value in stored.headers:
        yield name, (value or b"").decode(errors="replace")


def _read(stored: StoredEvent) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return stored.event().payload(), None
    except DecodingError as error:
        return None, str(error)
