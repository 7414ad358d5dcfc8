# SPDX-License-Identifier: Apache-2.0
"""A record from the dead letter topic on its way into the tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dead_letters.letters.identity import content_digest, failure_identity, record_digest
from services.dead_letters.letters.letter import DeadLetter, read_letter
from services.dead_letters.letters.lifecycle import Status
from services.dead_letters.store.stored_headers import to_stored
from shared.messaging.records import Record

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A record, what it says, and the digests that tell it from others."""

    record: Record
    letter: DeadLetter
    digest: bytes
    identity: bytes
    content: bytes
    erased: bool = False


def receive(record: Record) -> Received:
    """Return the record with all that can be read of it; never raise."""
    letter = read_letter(record)
    return Received(
        record=record,
        letter=letter,
        digest=record_digest(record),
        identity=failure_identity(record, letter),
        content=content_digest(record),
    )


def failure_columns(received: Received, *, now: datetime) -> Row:
    """Return what a letter says of its last failure."""
    letter = received.letter
    return {
        "service_version": letter.service_version,
        "kind": letter.kind,
        "error_class": letter.error.error_class,
        "cause_class": letter.error.cause_class,
        "error_message": letter.error.message,
        "stack": letter.error.stack,
        "fingerprint": letter.fingerprint,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at or now,
        "updated_at": now,
    }


def letter_row(received: Received, *, letter_id: UUID, now: datetime) -> Row:
    """Return the row of a letter that is new."""
    letter, record = received.letter, received.record
    return {
        "id": letter_id,
        "identity": received.identity,
        "content": received.content,
        "status": Status.OPEN,
        "family": letter.family,
        "service": letter.service,
        "consumer_group": letter.group,
        "origin_topic": letter.origin.topic,
        "origin_partition": letter.origin.partition,
        "origin_offset": letter.origin.offset,
        "origin_timestamp": letter.origin.timestamp,
        "first_failed_at": letter.first_failed_at or now,
        "event_id": letter.event.event_id,
        "event_type": letter.event.event_type,
        "session_id": letter.event.session_id,
        "correlation_id": letter.event.correlation_id,
        "aggregate_id": letter.event.aggregate_id,
        "sequence": letter.event.sequence,
        "occurred_at": letter.event.occurred_at,
        "key": record.key,
        "value": record.value,
        "deliveries": 1,
        "redrive_count": 0,
        "received_at": now,
        "erased_at": now if received.erased else None,
        **failure_columns(received, now=now),
    }


def delivery_row(received: Received, *, letter_id: UUID, now: datetime) -> Row:
    """Return the row of one coming of a letter."""
    record = received.record
    return {
        "letter_id": letter_id,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "digest": received.digest,
        "timestamp": record.timestamp,
        "headers": to_stored(record.headers),
        "received_at": now,
    }
