# SPDX-License-Identifier: Apache-2.0
"""The names of record headers, and how to read them whatever they hold."""

from collections.abc import Mapping, Sequence

Headers = tuple[tuple[str, bytes | None], ...]
"""Kafka headers as they are on the wire: ordered, repeatable, any bytes or none."""

CONTENT_TYPE = "content-type"
SPEC_VERSION = "ce_specversion"
ID = "ce_id"
SOURCE = "ce_source"
TYPE = "ce_type"
TIME = "ce_time"
SUBJECT = "ce_subject"
DATA_SCHEMA = "ce_dataschema"
CORRELATION_ID = "ce_correlationid"
CAUSATION_ID = "ce_causationid"
PARTITION_KEY = "ce_partitionkey"
SEQUENCE = "ce_sequence"
CREATION_TRACEPARENT = "ce_traceparent"
CREATION_TRACESTATE = "ce_tracestate"
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
FASTSTREAM_CORRELATION_ID = "correlation_id"

ERASED = "ce_erased"
"""Set where the content was taken out of a record before it was published, for the first time or
again: its bytes are not those that others may have of the same event."""

ORIGIN_TOPIC = "__dlq.errors.topic"
ORIGIN_PARTITION = "__dlq.errors.partition"
ORIGIN_OFFSET = "__dlq.errors.offset"
ERROR_GROUP = "__dlq.errors.group"
DELIVERY_COUNT = "__dlq.errors.delivery.count"
ERROR_MESSAGE = "__dlq.errors.message"
ORIGIN_TIMESTAMP = "x-dlq-original-timestamp"
ERROR_SERVICE = "x-dlq-service"
ERROR_CLASS = "x-dlq-error-class"
ERROR_CAUSE_CLASS = "x-dlq-error-cause-class"
ERROR_KIND = "x-dlq-error-kind"
ERROR_STACK = "x-dlq-stack"
ERROR_FINGERPRINT = "x-dlq-fingerprint"
FIRST_FAILED_AT = "x-dlq-first-failed-at"
FAILED_AT = "x-dlq-failed-at"
SERVICE_VERSION = "x-dlq-service-version"
NULL_VALUE = "x-dlq-null-value"
RETRY_ATTEMPT = "x-retry-attempt"

CLAIM_CHECK = "x-dlq-claim-check"
"""``topic/partition/offset`` of a record that is too large for the dead letter queue."""

CLAIMED_VALUE_BYTES = "x-dlq-value-bytes"
CLAIMED_VALUE_SHA256 = "x-dlq-value-sha256"
CLAIMED_HEADERS_BYTES = "x-dlq-headers-bytes"
CLAIMED_HEADERS_SHA256 = "x-dlq-headers-sha256"

REDRIVE_ID = "x-redrive-id"
REDRIVE_COUNT = "x-redrive-count"
REDRIVE_BY = "x-redrive-by"
REDRIVE_LETTER = "x-redrive-letter"

EDIT_LETTER = "x-edit-letter"
EDIT_BY = "x-edit-by"

ORIGIN_HEADERS = frozenset(
    {ORIGIN_TOPIC, ORIGIN_PARTITION, ORIGIN_OFFSET, ORIGIN_TIMESTAMP, FIRST_FAILED_AT}
)
"""Set when a record first fails, and kept through every redrive."""

ERROR_HEADERS = frozenset(
    {
        ERROR_GROUP,
        DELIVERY_COUNT,
        ERROR_MESSAGE,
        ERROR_SERVICE,
        ERROR_CLASS,
        ERROR_CAUSE_CLASS,
        ERROR_KIND,
        ERROR_STACK,
        ERROR_FINGERPRINT,
        FAILED_AT,
        SERVICE_VERSION,
        NULL_VALUE,
        RETRY_ATTEMPT,
    }
)
"""Replaced each time a record fails, so that they tell of the last failure and never pile up."""

CLAIM_HEADERS = frozenset(
    {
        CLAIM_CHECK,
        CLAIMED_VALUE_BYTES,
        CLAIMED_VALUE_SHA256,
        CLAIMED_HEADERS_BYTES,
        CLAIMED_HEADERS_SHA256,
    }
)
"""Instead of what a dead letter has no room for."""

REDRIVE_HEADERS = frozenset({REDRIVE_ID, REDRIVE_COUNT, REDRIVE_BY, REDRIVE_LETTER})

EDIT_HEADERS = frozenset({EDIT_LETTER, EDIT_BY})
"""Which dead letter an event was made from, and who made it."""

ADDED_HEADERS = ORIGIN_HEADERS | ERROR_HEADERS | CLAIM_HEADERS | REDRIVE_HEADERS | EDIT_HEADERS
"""All that this project adds to a record on its way through the dead letter queue."""

ENVELOPE_HEADERS = frozenset(
    {
        CONTENT_TYPE,
        SPEC_VERSION,
        ID,
        SOURCE,
        TYPE,
        TIME,
        SUBJECT,
        DATA_SCHEMA,
        CORRELATION_ID,
        CAUSATION_ID,
        PARTITION_KEY,
        SEQUENCE,
        ERASED,
        TRACEPARENT,
        TRACESTATE,
        CREATION_TRACEPARENT,
        CREATION_TRACESTATE,
        FASTSTREAM_CORRELATION_ID,
    }
)
"""What this project writes on the record of an event: which one it is, and its trace."""

KEPT_HEADERS = ENVELOPE_HEADERS | ADDED_HEADERS - {ERROR_MESSAGE, ERROR_STACK}
"""What a record keeps whose content is erased; any other header may quote what it said."""


def readable(headers: Sequence[tuple[str, bytes | None]]) -> Mapping[str, str]:
    """Return the headers as text; of a repeated name the first wins, unreadable ones are left out.

    For routing and display. Whether the headers of an event are as they have to be is the codec's
    to say.
    """
    result: dict[str, str] = {}
    for name, value in headers:
        if value is None or name in result:
            continue
        try:
            result[name] = value.decode()
        except UnicodeDecodeError:
            continue
    return result
