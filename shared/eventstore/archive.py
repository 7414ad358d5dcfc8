# SPDX-License-Identifier: Apache-2.0
"""A month of stored events as compressed lines of JSON, and back: equal in every byte.

The first line says what it is, each other line is an event, and the last one has their number and
the digest of all lines before it: a file without it was cut off.
"""

import gzip
import zlib
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from pydantic_core import from_json, to_json

from shared.errors import PermanentError
from shared.eventstore.stored_event import StoredEvent

FORMAT = "agent-runtime/archive"
VERSION = 1
MAX_LINE_BYTES = 8 * 1024 * 1024


class AlteredArchiveError(PermanentError):
    """The lines are not those that were archived; ``line`` is the first bad one, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class ArchiveWriter:
    """Writes events as lines, and knows what was written."""

    def __init__(self, file: IO[bytes], month: str) -> None:
        self._file = file
        self._digest = sha256()
        self.events = 0
        self._write({"format": FORMAT, "version": VERSION, "month": month})

    @property
    def digest(self) -> str:
        """Return the digest of all lines so far."""
        return self._digest.hexdigest()

    def add(self, stored: StoredEvent) -> None:
        """Write the line of an event."""
        self._write_line(event_line(stored))
        self.events += 1

    def end(self) -> None:
        """Write the last line, which is not in the digest that it has."""
        self._file.write(_line({"end": True, "events": self.events, "digest": self.digest}))

    def _write(self, fields: Mapping[str, Any]) -> None:
        self._write_line(_line(fields))

    def _write_line(self, line: bytes) -> None:
        self._digest.update(line)
        self._file.write(line)


@contextmanager
def writing(path: Path, month: str) -> Generator[ArchiveWriter]:
    """Give a writer into a new file; the same events always come to the same bytes.

    Raises:
        FileExistsError: the file is there.
    """
    with path.open("xb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        writer = ArchiveWriter(cast(IO[bytes], packed), month)
        yield writer
        writer.end()


@dataclass(slots=True)
class Contents:
    """What a file is: its month is known with the first event, its digest at the end."""

    month: str = ""
    digest: str = ""
    events: int = 0


def contents_of(path: Path) -> Contents:
    """Read all of a file, and return what it is.

    Raises:
        AlteredArchiveError: a line is not as it was written, or the end is missing.
        OSError: the file cannot be read.
    """
    contents = Contents()
    for _ in read_archive(path, contents):
        pass
    return contents


def read_archive(path: Path, contents: Contents | None = None) -> Iterator[StoredEvent]:
    """Give the events of a file in their order; all are as they were only if none is refused.

    ``contents`` is told what the file is.

    Raises:
        AlteredArchiveError: a line is not as it was written, or the end is missing.
        OSError: the file cannot be read.
    """
    with gzip.open(path, "rb") as file:
        yield from _events(_lines(cast(IO[bytes], file)), contents or Contents())


def event_line(stored: StoredEvent) -> bytes:
    """Return the line of an event: the same for events that are equal."""
    return _line(_fields(stored))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise AlteredArchiveError(number, f"it cannot be unpacked: {error}") from None
        if not line:
            return
        if len(line) > MAX_LINE_BYTES:
            raise AlteredArchiveError(number, f"it has more than {MAX_LINE_BYTES} bytes")
        yield line


def _events(lines: Iterable[bytes], contents: Contents) -> Iterator[StoredEvent]:
    digest, ended, number = sha256(), False, 0
    for number, line in enumerate(lines, start=1):
        fields = _parsed(number, line)
        if ended:
            raise AlteredArchiveError(number, "it comes after the end")
        if number == 1:
            if (fields.get("format"), fields.get("version")) != (FORMAT, VERSION):
                raise AlteredArchiveError(1, f"it is no {FORMAT} of version {VERSION}")
            contents.month = str(fields.get("month"))
        elif fields.get("end"):
            ended = True
            if (fields.get("events"), fields.get("digest")) != (number - 2, digest.hexdigest()):
                raise AlteredArchiveError(number, "the lines before it are not those of its digest")
            contents.events, contents.digest = number - 2, digest.hexdigest()
        else:
            yield _event(number, fields)
        digest.update(line)
    if not ended:
        raise AlteredArchiveError(number + 1, "the end is missing")


def _parsed(number: int, line: bytes) -> dict[str, Any]:
    try:
        found: object = from_json(line)
    except ValueError:
        raise AlteredArchiveError(number, "it is no JSON") from None
    if not isinstance(found, dict):
        raise AlteredArchiveError(number, "it is no JSON object")
    return cast(dict[str, Any], found)


def _line(fields: Mapping[str, Any]) -> bytes:
    return to_json(fields) + b"\n"


def _fields(stored: StoredEvent) -> dict[str, Any]:
    return {
        "aggregate_id": stored.aggregate_id,
        "sequence": stored.sequence,
        "event_id": str(stored.event_id),
        "type": stored.type_name,
        "correlation_id": stored.correlation_id,
        "causation_id": stored.causation_id and str(stored.causation_id),
        "occurred_at": stored.occurred_at.isoformat(),
        "recorded_at": stored.recorded_at.isoformat(),
        "kafka": list(stored.coordinates) if stored.coordinates else None,
        "timestamp": stored.timestamp,
        "key": _written(stored.key),
        "value": _written(stored.value),
        "headers": stored.headers_json,
        "digest": stored.digest.hex(),
        "erased_at": stored.erased_at and stored.erased_at.isoformat(),
    }


def _event(number: int, fields: Mapping[str, Any]) -> StoredEvent:
    try:
        topic, partition, offset = fields["kafka"] or (None, None, None)
        return StoredEvent(
            aggregate_id=fields["aggregate_id"],
            sequence=fields["sequence"],
            event_id=UUID(fields["event_id"]),
            type_name=fields["type"],
            correlation_id=fields["correlation_id"],
            causation_id=UUID(fields["causation_id"]) if fields["causation_id"] else None,
            occurred_at=datetime.fromisoformat(fields["occurred_at"]),
            recorded_at=datetime.fromisoformat(fields["recorded_at"]),
            topic=topic,
            partition=partition,
            offset=offset,
            timestamp=fields["timestamp"],
            key=_read(fields["key"]),
            value=_read(fields["value"]) or b"",
            headers_json=fields["headers"],
            digest=bytes.fromhex(fields["digest"]),
            erased_at=_moment(fields["erased_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AlteredArchiveError(number, f"it is no event: {error!r}") from None


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _written(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def _read(value: str | None) -> bytes | None:
    return None if value is None else b64decode(value, validate=True)
