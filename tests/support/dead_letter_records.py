# SPDX-License-Identifier: Apache-2.0
"""Records as they are on the dead letter topic, made by the code that writes them."""

from datetime import UTC, datetime

from shared.errors import PermanentError
from shared.messaging import OutgoingRecord, Record
from shared.messaging.dead_letters import Failure, dead_letter
from shared.messaging.headers import Headers

TOPIC = "agent-runtime.dlq"
FAILED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FAILED_AT_MS = int(FAILED_AT.timestamp() * 1000)

EVENT_HEADERS: Headers = (
    ("content-type", b"application/json"),
    ("ce_specversion", b"1.0"),
    ("ce_id", b"01890a5d-ac96-774b-bcce-b302099a8057"),
    ("ce_type", b"agentruntime.domain.message_received.v1"),
    ("ce_subject", b"s-1"),
    ("ce_time", b"2026-03-01T11:59:00+00:00"),
    ("ce_sequence", b"00000000000000000005"),
    ("ce_correlationid", b"c-1"),
    ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
)


def source_record(
    *,
    topic: str = "agent-runtime.domain",
    partition: int = 3,
    offset: int = 17,
    key: bytes | None = b"s-1",
    value: bytes | None = b'{"session_id": "s-1"}',
    headers: Headers = EVENT_HEADERS,
) -> Record:
    """Return a record as a service reads it."""
    return Record(topic, partition, offset, FAILED_AT_MS - 1000, key, value, headers)


def raised(error: Exception) -> Exception:
    """Return the error as it is after it was raised and caught."""
    try:
        _raise(error)
    except Exception as caught:  # noqa: BLE001 -- it is any
        return caught
    return error


def _raise(error: Exception) -> None:
    raise error


def failed(
    record: Record,
    error: Exception | None = None,
    *,
    service: str = "metrics",
    failed_at: datetime = FAILED_AT,
    attempts: int = 1,
    topic: str = TOPIC,
) -> OutgoingRecord:
    """Return the dead letter that ``service`` writes of the record."""
    failure = Failure(
        service=service,
        group=f"agent-runtime.{service}",
        service_version="0.1.0",
        error=error or raised(PermanentError("it cannot be")),
        attempts=attempts,
        failed_at=failed_at,
    )
    redriven = record.topic.endswith(".retry")
    return dead_letter(record, failure, topic=topic, redriven=redriven)


def read_back(outgoing: OutgoingRecord, *, offset: int = 0, partition: int = 0) -> Record:
    """Return a record that was written, as the next one to read it gets it."""
    return Record(
        outgoing.topic,
        partition,
        offset,
        FAILED_AT_MS,
        outgoing.key,
        outgoing.value,
        outgoing.headers,
    )
