# SPDX-License-Identifier: Apache-2.0
"""Which records on the dead letter topic are the same one, and which tell of the same failure."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

from services.dead_letters.letters.letter import DeadLetter
from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import Record

_TRACE_HEADERS = frozenset(
    {
        names.TRACEPARENT,
        names.TRACESTATE,
        names.CREATION_TRACEPARENT,
        names.CREATION_TRACESTATE,
    }
)
ADDED = names.ERROR_HEADERS | names.ORIGIN_HEADERS | names.REDRIVE_HEADERS | _TRACE_HEADERS
"""What is written on a record on its way to the desk and back; the rest is the record's own."""


class Digest(Protocol):
    """Takes in bytes."""

    def update(self, data: bytes, /) -> None:
        """Take in more."""
        ...


def record_digest(record: Record) -> bytes:
    """Return what tells this record from every other.

    Coordinates alone do not: a broker that forgot its records begins again at offset 0.
    """
    digest = hashlib.sha256(
        f"{record.topic}\0{record.partition}\0{record.offset}\0{record.timestamp}".encode()
    )
    _add_content(digest, record, record.headers)
    return digest.digest()


def content_digest(record: Record) -> bytes:
    """Return what stays the same however often a record fails and is redriven."""
    digest = hashlib.sha256()
    _add_content(digest, record, _own(record.headers))
    return digest.digest()


def failure_identity(record: Record, letter: DeadLetter) -> bytes:
    """Return what is the same when one failure is written twice, and differs for any two failures.

    A service that crashes between writing a dead letter and committing its offset writes it again.
    The content is part of it, so that forged headers cannot make one record pass for another.
    """
    origin = letter.origin
    if not origin.known:
        return record_digest(record)
    parts = (
        letter.family,
        letter.service,
        letter.group,
        origin.topic,
        origin.partition,
        origin.offset,
        origin.timestamp,
        letter.redrive_id,
    )
    digest = hashlib.sha256("\0".join(str(part) for part in parts).encode())
    digest.update(content_digest(record))
    return digest.digest()


def _own(headers: Headers) -> Headers:
    return tuple(each for each in headers if each[0] not in ADDED)


def _add_content(digest: Digest, record: Record, headers: Headers) -> None:
    _add(digest, [record.key, record.value])
    for name, value in headers:
        _add(digest, [name.encode(), value])


def _add(digest: Digest, values: Iterable[bytes | None]) -> None:
    for value in values:
        digest.update(b"-" if value is None else b"%d:" % len(value))
        digest.update(value or b"")
