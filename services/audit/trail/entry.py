# SPDX-License-Identifier: Apache-2.0
"""What is committed for each record, and how it becomes the bytes of a leaf.

A leaf is an ``Entry`` as JSON in the canonical form of RFC 8785: keys sorted, no spaces, UTF-8;
digests in hexadecimal, what is absent left out. Its ``version`` is raised when anything about that
changes; entries already logged keep theirs.

What a record says is committed to by digests alone. Its key and its value are hashed together with
a salt, 32 random bytes of the record's own. Erase the three and nobody can tell any more what was
said, not even by guessing, while every proof about the entry stays valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Literal, Self
from urllib.parse import quote
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import to_json

from services.audit.transparency import VerificationError
from shared.events import Event

SALT_BYTES = 32
MAX_TEXT = 512
MAX_SEQUENCE = 2**53 - 1

UNFIT = "unfit"
"""The problem of an event whose identifiers no column of the database can hold."""

STRICT = ConfigDict(strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex")
"""How entries are written as JSON and read back."""


@lru_cache
def origin(*, cluster_id: str, topic: str, partition: int) -> str:
    """Return the name of the log that accounts for a partition of a topic of a cluster."""
    return f"agent-runtime/{quote(cluster_id, safe='')}/{topic}/{partition}"


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EventIdentity:
    """Which event a record holds, and nothing of what it says."""

    aggregate_id: str
    causation_id: UUID | None = None
    correlation_id: str
    event_id: UUID
    event_type: str
    sequence: int
    session_id: str | None = None

    @classmethod
    def of(cls, event: Event, *, written_type: str) -> Self:
        """Return the identity of ``event``, with the type that its record names."""
        return cls(
            aggregate_id=event.aggregate_id,
            causation_id=event.causation_id,
            correlation_id=event.correlation_id,
            event_id=event.event_id,
            event_type=written_type,
            sequence=event.sequence,
            session_id=event.session_id,
        )

    def is_fit(self) -> bool:
        """Tell whether columns of the database can hold every part."""
        texts = (self.aggregate_id, self.correlation_id, self.session_id or "")
        return self.sequence <= MAX_SEQUENCE and not any(
            len(text) > MAX_TEXT or "\0" in text for text in texts
        )


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the log says of one record, for ever.

    ``timestamp`` is Kafka's, in milliseconds since 1970. Where no event could be read from the
    record, ``problem`` says why. The fields are in the order of the alphabet, as the leaf needs.
    """

    event: EventIdentity | None = None
    headers_digest: bytes
    offset: int
    origin: str
    payload_digest: bytes
    problem: str | None = None
    timestamp: int
    version: Literal[1] = 1

    def leaf(self) -> bytes:
        """Return the bytes that are hashed into the tree."""
        return _entries.dump_json(self, exclude_none=True)

    @classmethod
    def parse(cls, leaf: bytes) -> "Entry":
        """Return the entry that ``leaf`` spells.

        Raises:
            VerificationError: it is not the one spelling of an entry.
        """
        try:
            entry = _entries.validate_json(leaf)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            raise VerificationError(f"not an entry: {problem['loc']}: {problem['msg']}") from None
        if entry.leaf() != leaf:
            raise VerificationError("not an entry in its canonical form")
        return entry


_entries = TypeAdapter(Entry)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a record says, and the salt that hides it: the part that can be erased."""

    salt: bytes
    key: bytes | None
    value: bytes | None
    headers: bytes

    def payload_digest(self) -> bytes:
        """Return the commitment to the key and the value."""
        return sha256(self.salt + pack(self.key, self.value)).digest()

    def headers_digest(self) -> bytes:
        """Return the digest of the headers."""
        return sha256(self.headers).digest()


def pack(*fields: bytes | None) -> bytes:
    """Return ``fields`` in a row, each behind its length, so that no other fields look the same.

    The length is four bytes, signed and big-endian, and -1 for null: as Kafka itself writes them.
    """
    return b"".join(_NULL if field is None else _length(len(field)) + field for field in fields)


def pack_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """Return ``headers`` in their order as JSON: pairs of a name and, in base64url, its value."""
    return to_json(headers, bytes_mode="base64")


_length = Struct(">i").pack
_NULL = _length(-1)
