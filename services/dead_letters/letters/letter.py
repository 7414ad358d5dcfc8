# SPDX-License-Identifier: Apache-2.0
"""What a record on the dead letter topic says of its failure, whoever wrote it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dead_letters.letters.dead_event import MAX_NAME, DeadEvent, read_event
from services.dead_letters.letters.families import Family, FamilyHeaders, family_of
from services.dead_letters.letters.fingerprints import fingerprint
from services.dead_letters.letters.values import (
    MAX_INT32,
    as_uuid,
    from_iso,
    from_milliseconds,
    last,
    number,
    tail,
    text,
)
from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import Record
from shared.scrubbing import scrub

MAX_TOPIC = 249
MAX_MESSAGE = 4_000
MAX_STACK = 16_384
KINDS = frozenset({"poison", "oversize", "fatal", "exhausted", "expired"})
UNKNOWN_KIND = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the record was when it failed."""

    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    timestamp: datetime | None = None

    @property
    def known(self) -> bool:
        """Tell whether this names one record."""
        return None not in (self.topic, self.partition, self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """What went wrong."""

    error_class: str | None = None
    cause_class: str | None = None
    message: str | None = None
    stack: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """All that is known of a failure; what its headers do not say, or not readably, is None."""

    family: Family
    service: str | None
    service_version: str | None
    group: str | None
    kind: str
    error: Error
    fingerprint: str
    origin: Origin
    attempts: int | None
    first_failed_at: datetime | None
    failed_at: datetime | None
    redrive_id: UUID | None
    event: DeadEvent


def read_letter(record: Record) -> DeadLetter:
    """Return what the record says of its failure; never raise."""
    headers = record.headers
    family = family_of(headers)
    ours = family.family is Family.AGENT_RUNTIME
    service = text(last(headers, names.ERROR_SERVICE), limit=MAX_NAME) if ours else None
    group = text(last(headers, *family.group), limit=MAX_TOPIC)
    kind = _kind(headers)
    error = _error(headers, family)
    failed_at = from_iso(last(headers, names.FAILED_AT)) or from_milliseconds(record.timestamp)
    return DeadLetter(
        family=family.family,
        service=service,
        service_version=text(last(headers, names.SERVICE_VERSION), limit=MAX_NAME),
        group=group,
        kind=kind,
        error=error,
        fingerprint=fingerprint(
            last(headers, names.ERROR_FINGERPRINT) if ours else None,
            parts=(family.family, service or group, kind, error.error_class),
            message=error.message,
            stack=error.stack,
        ),
        origin=_origin(headers, family),
        attempts=number(last(headers, *family.attempts), binary=family.binary, maximum=MAX_INT32),
        first_failed_at=from_iso(last(headers, names.FIRST_FAILED_AT)) or failed_at,
        failed_at=failed_at,
        redrive_id=_redrive_id(headers),
        event=read_event(headers, record.value),
    )


def _kind(headers: Headers) -> str:
    kind = text(last(headers, names.ERROR_KIND), limit=MAX_NAME)
    return kind if kind in KINDS else UNKNOWN_KIND


def _error(headers: Headers, family: FamilyHeaders) -> Error:
    return Error(
        error_class=text(last(headers, *family.error_class), limit=MAX_NAME),
        cause_class=text(last(headers, *family.cause_class), limit=MAX_NAME),
        message=_scrubbed(text(last(headers, *family.message), limit=MAX_MESSAGE)),
        stack=_scrubbed(tail(last(headers, *family.stack), limit=MAX_STACK)),
    )


def _scrubbed(value: str | None) -> str | None:
    return scrub(value) if value else None


def _origin(headers: Headers, family: FamilyHeaders) -> Origin:
    binary = family.binary
    return Origin(
        topic=text(last(headers, *family.topic), limit=MAX_TOPIC),
        partition=number(last(headers, *family.partition), binary=binary, maximum=MAX_INT32),
        offset=number(last(headers, *family.offset), binary=binary),
        timestamp=from_milliseconds(number(last(headers, *family.timestamp), binary=binary)),
    )


def _redrive_id(headers: Headers) -> UUID | None:
    return as_uuid(text(last(headers, names.REDRIVE_ID), limit=64))
