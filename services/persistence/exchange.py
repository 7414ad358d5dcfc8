# SPDX-License-Identifier: Apache-2.0
"""A session as lines of JSON: a manifest, one line for each event, and a digest over all. No I/O.

Each line has a digest over itself and the line before, so that a change anywhere is found where it
was made. The bytes of an event are there as they came.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from pydantic_core import from_json, to_json

from shared.errors import PermanentError
from shared.eventstore.stored_event import StoredEvent

FORMAT = "agent-runtime/history"
VERSION = 1
MAX_LINE_BYTES = 4 * 1024 * 1024


class AlteredExportError(PermanentError):
    """The lines are not those that were exported; ``line`` is the first bad one, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an export holds; ``digest`` is that of all its lines."""

    session_id: str
    events: int
    digest: str


class Lines:
    """Writes lines, each with its digest."""

    def __init__(self) -> None:
        self.digest = ""

    def line(self, fields: Mapping[str, Any]) -> bytes:
        """Return the next line."""
        self.digest = chained(self.digest, fields)
        return to_json({**fields, "digest": self.digest}) + b"\n"


def manifest(session_id: str, *, events: int, exported_at: datetime) -> dict[str, Any]:
    """Return the first line."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "session_id": session_id,
        "events": events,
        "exported_at": exported_at.isoformat(),
    }


def exported(stored: StoredEvent) -> dict[str, Any]:
    """Return the line of an event."""
    return {
        "sequence": stored.sequence,
        "event_id": str(stored.event_id),
        "type": stored.type_name,
        "occurred_at": stored.occurred_at.isoformat(),
        "recorded_at": stored.recorded_at.isoformat(),
        "kafka": list(stored.coordinates) if stored.coordinates else None,
        "timestamp": stored.timestamp,
        "key": _written(stored.key),
        "headers": [[name, _written(value)] for name, value in stored.headers],
        "value": _written(stored.value),
    }


def end(events: int) -> dict[str, Any]:
    """Return the last line: without it, an export was cut off."""
    return {"end": True, "events": events}


def chained(before: str, fields: Mapping[str, Any]) -> str:
    """Return the digest of a line that comes after one with the digest ``before``."""
    return sha256(before.encode() + b"\n" + to_json(dict(sorted(fields.items())))).hexdigest()


def check(lines: Iterable[bytes]) -> Manifest:
    """Return what an export says of itself if every line is as it was written.

    Raises:
        AlteredExportError: one is not; it names the first.
    """
    checked = _checked(lines)
    first = next(checked, None)
    if first is None or (first.get("format"), first.get("version")) != (FORMAT, VERSION):
        raise AlteredExportError(1, f"it is no {FORMAT} of version {VERSION}")
    number, ended, digest = 1, False, ""
    for number, fields in enumerate(checked, start=2):
        if ended:
            raise AlteredExportError(number, "it comes after the end")
        ended, digest = bool(fields.get("end")), fields["digest"]
        if not ended and fields.get("sequence") != number - 1:
            raise AlteredExportError(number, f"event {number - 1} was to come here")
    if not ended or first["events"] != number - 2:
        raise AlteredExportError(number + 1, "the end is missing")
    return Manifest(session_id=first["session_id"], events=number - 2, digest=digest)


def _checked(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    before = ""
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_BYTES:
            raise AlteredExportError(number, f"it has more than {MAX_LINE_BYTES} bytes")
        fields = _fields(number, line)
        said = fields.get("digest")
        rest = {name: value for name, value in fields.items() if name != "digest"}
        before = chained(before, rest)
        if said != before:
            raise AlteredExportError(number, "its digest is not that of what it says")
        yield fields


def _fields(number: int, line: bytes) -> dict[str, Any]:
    try:
        found: object = from_json(line)
    except ValueError:
        raise AlteredExportError(number, "it is no JSON") from None
    if not isinstance(found, dict):
        raise AlteredExportError(number, "it is no JSON object")
    return cast(dict[str, Any], found)


def _written(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def read_bytes(value: str | None) -> bytes | None:
    """Return the bytes that a line holds."""
    return None if value is None else b64decode(value, validate=True)
