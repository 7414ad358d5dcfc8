# SPDX-License-Identifier: Apache-2.0
"""Writes a session as lines of JSON: a manifest, one line for each event, and the end. No I/O."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from shared.eventstore.entries import Coordinates
from shared.eventstore.stored_event import StoredEvent

FORMAT = "agent-runtime/history"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where and when an event was recorded first, in whatever installation that was.

    ``timestamp`` is that of its record, in milliseconds.
    """

    coordinates: Coordinates | None
    timestamp: int | None
    recorded_at: datetime


class Lines:
    """Writes lines, each with a digest over itself and the line before."""

    def __init__(self) -> None:
        self.digest = ""

    def line(self, fields: Mapping[str, Any]) -> bytes:
        """Return the next line."""
        self.digest = chained(self.digest, fields)
        return to_json({**fields, "digest": self.digest}) + b"\n"


def chained(before: str, fields: Mapping[str, Any]) -> str:
    """Return the digest of a line that comes after one with the digest ``before``."""
    return sha256(before.encode() + b"\n" + to_json(dict(sorted(fields.items())))).hexdigest()


def manifest(
    session_id: str,
    *,
    events: int,
    exported_at: datetime,
    installation: str = "",
    erased_at: datetime | None = None,
    salt: str = "",
) -> dict[str, Any]:
    """Return the first line; ``installation`` is the name of the one that exports.

    What was said in a session that was erased is not in what follows. By ``salt``, nobody can tell
    from the digest of an export what is in it.
    """
    erased = {"erased_at": erased_at.isoformat()} if erased_at else {}
    return {
        **erased,
        "format": FORMAT,
        "version": VERSION,
        "session_id": session_id,
        "events": events,
        "exported_at": exported_at.isoformat(),
        "installation": installation,
        "salt": salt,
    }


def exported(stored: StoredEvent, origin: Origin | None = None) -> dict[str, Any]:
    """Return the line of an event; ``origin`` is given if it was not recorded here first.

    Of an event in which something was erased, the digest of what came goes along.
    """
    origin = origin or Origin(
        coordinates=stored.coordinates, timestamp=stored.timestamp, recorded_at=stored.recorded_at
    )
    return {
        "sequence": stored.sequence,
        "event_id": str(stored.event_id),
        "type": stored.type_name,
        "occurred_at": stored.occurred_at.isoformat(),
        "recorded_at": origin.recorded_at.isoformat(),
        "kafka": list(origin.coordinates) if origin.coordinates else None,
        "timestamp": origin.timestamp,
        "key": _written(stored.key),
        "headers": [[name, _written(value)] for name, value in stored.headers],
        "value": _written(stored.value),
        **_erased(stored),
    }


def end(events: int) -> dict[str, Any]:
    """Return the last line: without it, an export was cut off."""
    return {"end": True, "events": events}


def _erased(stored: StoredEvent) -> dict[str, Any]:
    if stored.erased_at is None:
        return {}
    return {"erased_at": stored.erased_at.isoformat(), "original_digest": stored.digest.hex()}


def _written(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()
