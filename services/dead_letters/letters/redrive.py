# SPDX-License-Identifier: Apache-2.0
"""The record that goes back to the service that failed, and to no other."""

from dataclasses import dataclass
from uuid import UUID

from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import OutgoingRecord

_LEFT_OUT = names.ERROR_HEADERS | names.REDRIVE_HEADERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """One time that a letter is sent back."""

    redrive_id: UUID
    letter_id: UUID
    count: int
    operator: str


def redriven_record(
    redrive: Redrive, *, topic: str, key: bytes | None, value: bytes | None, headers: Headers
) -> OutgoingRecord:
    """Return the record as it was, with where it came from and which redrive this is.

    What it says of its last failure is left out, so that headers do not grow however often it
    fails; where and when it first failed stays.
    """
    kept = tuple(each for each in headers if each[0] not in _LEFT_OUT)
    added = (
        (names.REDRIVE_ID, str(redrive.redrive_id).encode()),
        (names.REDRIVE_COUNT, str(redrive.count).encode()),
        (names.REDRIVE_BY, redrive.operator.encode()),
        (names.REDRIVE_LETTER, str(redrive.letter_id).encode()),
    )
    return OutgoingRecord(topic=topic, key=key, value=value, headers=kept + added)
