# SPDX-License-Identifier: Apache-2.0
"""The dead letter of a record: its own bytes and headers, and all that is known of the failure."""

import hashlib
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Protocol

from shared.errors import DecodingError, DecodingProblem, is_permanent
from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import OutgoingRecord, Record
from shared.scrubbing import scrub

KINDS = ("poison", "oversize", "fatal", "exhausted")
"""Why a record is given up."""

MAX_MESSAGE = 1_000
MAX_STACK = 8_192


class RecordWriter(Protocol):
    """Writes records."""

    async def write(self, record: OutgoingRecord) -> None:
        """Return when the broker has confirmed the record.

        Raises:
            DependencyDownError: it did not; the record may or may not be there.
            RecordTooLargeError: it never will.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Who gave up on a record, why, when, and after how many attempts."""

    service: str
    group: str
    service_version: str
    error: Exception
    attempts: int
    failed_at: datetime

    @property
    def kind(self) -> str:
        """Return which of ``KINDS`` it is."""
        if isinstance(self.error, DecodingError):
            oversize = self.error.kind is DecodingProblem.OVERSIZE
            return "oversize" if oversize else "poison"
        return "fatal" if is_permanent(self.error) else "exhausted"

    @property
    def fingerprint(self) -> str:
        """Return what is the same for failures of one cause: service, kind, error and place."""
        detail = self.error.kind if isinstance(self.error, DecodingError) else ""
        parts = (self.service, self.kind, _class_name(self.error), detail, _place(self.error))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def dead_letter(record: Record, failure: Failure, *, topic: str, redriven: bool) -> OutgoingRecord:
    """Return the dead letter of a record.

    Key, value and headers are kept byte for byte. What earlier failures wrote of themselves is
    replaced. Where and when a record first failed stays, if it was ``redriven``; any other record
    can only pretend to have failed before, and is not believed.
    """
    reserved = names.ERROR_HEADERS
    if not redriven:
        reserved = names.ADDED_HEADERS
    kept = tuple(each for each in record.headers if each[0] not in reserved)
    known = any(name == names.ORIGIN_TOPIC for name, _ in kept)
    origin = () if known else _origin(record, failure)
    return OutgoingRecord(
        topic=topic,
        key=record.key,
        value=record.value,
        headers=kept + origin + _failure(record, failure),
    )


def _origin(record: Record, failure: Failure) -> Headers:
    return _encoded(
        {
            names.ORIGIN_TOPIC: record.topic,
            names.ORIGIN_PARTITION: str(record.partition),
            names.ORIGIN_OFFSET: str(record.offset),
            names.ORIGIN_TIMESTAMP: str(record.timestamp),
            names.FIRST_FAILED_AT: failure.failed_at.isoformat(),
        }
    )


def _failure(record: Record, failure: Failure) -> Headers:
    error = failure.error
    described = {
        names.ERROR_GROUP: failure.group,
        names.ERROR_SERVICE: failure.service,
        names.SERVICE_VERSION: failure.service_version,
        names.DELIVERY_COUNT: str(failure.attempts),
        names.RETRY_ATTEMPT: str(failure.attempts),
        names.ERROR_MESSAGE: scrub(str(error))[:MAX_MESSAGE],
        names.ERROR_CLASS: _class_name(error),
        names.ERROR_KIND: failure.kind,
        names.ERROR_STACK: scrub(_stack(error))[-MAX_STACK:],
        names.ERROR_FINGERPRINT: failure.fingerprint,
        names.FAILED_AT: failure.failed_at.isoformat(),
    }
    if error.__cause__:
        described[names.ERROR_CAUSE_CLASS] = _class_name(error.__cause__)
    if record.value is None:
        described[names.NULL_VALUE] = "true"
    return _encoded(described)


def _encoded(headers: dict[str, str]) -> Headers:
    return tuple((name, value.encode(errors="replace")) for name, value in headers.items())


def _class_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _stack(error: Exception) -> str:
    return "".join(traceback.format_exception(error))


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].name}"
