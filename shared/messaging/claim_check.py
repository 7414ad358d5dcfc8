# SPDX-License-Identifier: Apache-2.0
"""Smaller dead letters for records that the dead letter queue refuses as too large.

They say where the record lies, so that it can be fetched from there for as long as its topic keeps
it, and its size and digest, so that whoever fetches it can tell that it is the one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import OutgoingRecord, Record

LONGEST_KEY = 4096


def smaller_letters(record: Record, letter: OutgoingRecord) -> Iterator[OutgoingRecord]:
    """Give letters with less and less of ``record`` in them, to be tried one after the other.

    First without the value; then without the headers of the record, and without a long key.
    """
    claim = (*_claim(record), *_described("value", _value_parts(record)))
    yield replace(letter, value=None, headers=(*_without_claims(letter.headers), *claim))
    added = tuple(each for each in letter.headers if each[0] in names.ADDED_HEADERS)
    own = [each for each in record.headers if each[0] not in names.ADDED_HEADERS]
    key = record.key if record.key and len(record.key) <= LONGEST_KEY else None
    yield replace(
        letter,
        key=key,
        value=None,
        headers=(*_without_claims(added), *claim, *_described("headers", _header_parts(own))),
    )


def _claim(record: Record) -> Headers:
    place = f"{record.topic}/{record.partition}/{record.offset}"
    return ((names.CLAIM_CHECK, place.encode()),)


def _without_claims(headers: Headers) -> Headers:
    return tuple(each for each in headers if each[0] not in names.CLAIM_HEADERS)


def _value_parts(record: Record) -> Sequence[bytes]:
    return [record.value or b""]


def _header_parts(headers: Sequence[tuple[str, bytes | None]]) -> Sequence[bytes]:
    return [part for name, value in headers for part in (name.encode(), value or b"")]


def _described(what: str, parts: Sequence[bytes]) -> Headers:
    digest = hashlib.sha256(b"".join(parts)).hexdigest()
    size = sum(map(len, parts))
    described = {
        "value": (names.CLAIMED_VALUE_BYTES, names.CLAIMED_VALUE_SHA256),
        "headers": (names.CLAIMED_HEADERS_BYTES, names.CLAIMED_HEADERS_SHA256),
    }
    size_name, digest_name = described[what]
    return ((size_name, str(size).encode()), (digest_name, digest.encode()))
