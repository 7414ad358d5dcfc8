# SPDX-License-Identifier: Apache-2.0
import struct
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.dead_letters.letters.families import FAMILIES, Family
from services.dead_letters.letters.letter import MAX_STACK, Origin, read_letter
from services.dead_letters.letters.values import MAX_INT32, MAX_INT64
from shared.errors import DecodingError, DecodingProblem, PermanentError, TransientError
from shared.messaging import Record, headers as names
from shared.messaging.headers import Headers
from tests.support.dead_letter_records import (
    FAILED_AT,
    FAILED_AT_MS,
    TOPIC,
    failed,
    raised,
    read_back,
    source_record,
)

REDRIVE = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


def dlq_record(headers: Headers, *, value: bytes | None = b"{}", timestamp: int = 0) -> Record:
    return Record(TOPIC, 0, 0, timestamp, b"k", value, headers)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DecodingError(DecodingProblem.JSON, "no JSON"), "poison"),
        (DecodingError(DecodingProblem.OVERSIZE, "too large"), "oversize"),
        (PermanentError("never"), "fatal"),
        (TransientError("three times"), "exhausted"),
    ],
)
def test_a_letter_of_ours_says_everything_about_its_failure(error: Exception, kind: str) -> None:
    letter = read_letter(read_back(failed(source_record(), raised(error), attempts=3)))

    assert letter.family is Family.AGENT_RUNTIME
    assert (letter.service, letter.group) == ("metrics", "agent-runtime.metrics")
    assert (letter.kind, letter.attempts, letter.service_version) == (kind, 3, "0.1.0")
    assert letter.error.error_class == f"shared.errors.{type(error).__name__}"
    assert letter.error.message == str(error)
    assert "raise error" in (letter.error.stack or "")
    assert letter.origin == Origin(
        topic="agent-runtime.domain",
        partition=3,
        offset=17,
        timestamp=datetime.fromtimestamp(FAILED_AT_MS / 1000 - 1, UTC),
    )
    assert (letter.first_failed_at, letter.failed_at) == (FAILED_AT, FAILED_AT)
    assert letter.event.session_id == "s-1"
    assert letter.redrive_id is None


def test_a_letter_of_ours_keeps_the_fingerprint_its_service_gave_it() -> None:
    record = read_back(failed(source_record()))
    given_by_service = dict(record.headers)[names.ERROR_FINGERPRINT]

    assert read_letter(record).fingerprint.encode() == given_by_service


def test_a_letter_that_came_back_says_which_redrive_failed() -> None:
    record = source_record(
        topic="agent-runtime.metrics.retry",
        headers=((names.REDRIVE_ID, str(REDRIVE).encode()),),
    )

    assert read_letter(read_back(failed(record))).redrive_id == REDRIVE


SPRING: Headers = (
    ("kafka_dlt-original-topic", b"orders"),
    ("kafka_dlt-original-partition", struct.pack(">i", 5)),
    ("kafka_dlt-original-offset", struct.pack(">q", 1 << 40)),
    ("kafka_dlt-original-timestamp", struct.pack(">q", FAILED_AT_MS)),
    ("kafka_dlt-original-timestamp-type", b"CreateTime"),
    ("kafka_dlt-original-consumer-group", b"billing"),
    ("kafka_dlt-exception-fqcn", b"org.springframework.kafka.ListenerExecutionFailedException"),
    ("kafka_dlt-exception-cause-fqcn", b"java.lang.IllegalStateException"),
    ("kafka_dlt-exception-message", b"Listener failed"),
    ("kafka_dlt-exception-stacktrace", b"x.Y: no\n\tat com.acme.Billing.on(Billing.java:42)\n"),
    ("retry_topic-attempts", struct.pack(">i", 3)),
)
CONNECT: Headers = (
    ("__connect.errors.topic", b"orders"),
    ("__connect.errors.partition", b"5"),
    ("__connect.errors.offset", b"1099511627776"),
    ("__connect.errors.connector.name", b"to-elastic"),
    ("__connect.errors.task.id", b"0"),
    ("__connect.errors.stage", b"VALUE_CONVERTER"),
    ("__connect.errors.class.name", b"org.apache.kafka.connect.json.JsonConverter"),
    ("__connect.errors.exception.class.name", b"org.apache.kafka.connect.errors.DataException"),
    ("__connect.errors.exception.message", b"Converting failed"),
    ("__connect.errors.exception.stacktrace", b"\tat a.B.c(B.java:1)"),
)
STREAMS: Headers = (
    ("__streams.errors.exception", b"java.lang.NullPointerException"),
    ("__streams.errors.message", b"null"),
    ("__streams.errors.stacktrace", b"\tat a.B.c(B.java:1)"),
    ("__streams.errors.topic", b"orders"),
    ("__streams.errors.partition", b"5"),
    ("__streams.errors.offset", b"1099511627776"),
)
SHARE_GROUP: Headers = (
    ("__dlq.errors.topic", b"orders"),
    ("__dlq.errors.partition", b"5"),
    ("__dlq.errors.offset", b"1099511627776"),
    ("__dlq.errors.group", b"billing"),
    ("__dlq.errors.delivery.count", b"5"),
    ("__dlq.errors.message", b"Delivery count exceeded"),
)


@pytest.mark.parametrize(
    ("headers", "family", "group", "error_class", "attempts"),
    [
        (
            SPRING,
            Family.SPRING,
            "billing",
            "org.springframework.kafka.ListenerExecutionFailedException",
            3,
        ),
        (
            CONNECT,
            Family.CONNECT,
            "to-elastic",
            "org.apache.kafka.connect.errors.DataException",
            None,
        ),
        (STREAMS, Family.STREAMS, None, "java.lang.NullPointerException", None),
        (SHARE_GROUP, Family.KAFKA, "billing", None, 5),
    ],
)
def test_letters_of_other_frameworks_are_understood(
    headers: Headers,
    family: Family,
    group: str | None,
    error_class: str | None,
    attempts: int | None,
) -> None:
    letter = read_letter(dlq_record(headers, timestamp=FAILED_AT_MS))

    assert letter.family is family
    assert (letter.group, letter.error.error_class) == (group, error_class)
    assert letter.attempts == attempts
    origin = (letter.origin.topic, letter.origin.partition, letter.origin.offset)
    assert origin == ("orders", 5, 1 << 40)
    assert letter.service is None
    assert letter.kind == "unknown"
    assert letter.failed_at == FAILED_AT
    assert letter.error.message


def test_a_foreign_letter_that_one_of_us_failed_on_is_ours() -> None:
    letter = read_letter(read_back(failed(source_record(headers=SPRING), service="audit")))

    assert (letter.family, letter.service) == (Family.AGENT_RUNTIME, "audit")


def test_a_record_with_no_headers_at_all_is_a_letter_of_unknown_family() -> None:
    letter = read_letter(dlq_record((), value=None, timestamp=-1))

    assert (letter.family, letter.service, letter.kind) == (Family.UNKNOWN, None, "unknown")
    assert not letter.origin.known
    assert (letter.first_failed_at, letter.failed_at) == (None, None)


def test_a_kind_that_nobody_writes_is_unknown() -> None:
    headers = ((names.ERROR_SERVICE, b"metrics"), (names.ERROR_KIND, b"boring"))

    assert read_letter(dlq_record(headers)).kind == "unknown"


def test_secrets_in_foreign_errors_are_masked() -> None:
    headers = (
        ("__connect.errors.exception.message", b"jdbc: password=hunter2 refused"),
        ("__connect.errors.exception.stacktrace", b"postgresql://u:hunter2@db/x"),
    )

    error = read_letter(dlq_record(headers)).error

    assert "hunter2" not in f"{error.message}{error.stack}"


def test_a_stack_keeps_its_end_which_names_the_cause() -> None:
    stack = b"outer\n" + b"x" * (2 * MAX_STACK) + b"\nCaused by: the disk is full"
    letter = read_letter(dlq_record((("__streams.errors.stacktrace", stack),)))

    assert len(letter.error.stack or "") <= MAX_STACK
    assert (letter.error.stack or "").endswith("Caused by: the disk is full")


HEADER_NAMES = st.one_of(
    st.sampled_from(
        sorted(
            names.ERROR_HEADERS
            | names.ORIGIN_HEADERS
            | names.REDRIVE_HEADERS
            | {names.ID, names.TYPE, names.SUBJECT, names.CORRELATION_ID, names.CONTENT_TYPE}
            | {
                name
                for family in FAMILIES
                for name in (*family.topic, *family.partition, *family.offset, *family.timestamp)
            }
            | {"kafka_dlt-", "retry_topic-attempts"}
        )
    ),
    st.text(max_size=20),
)
HEADER_VALUES = st.one_of(
    st.none(),
    st.binary(max_size=40),
    st.sampled_from([b"application/cloudevents+json", b"9" * 30, b"0001-01-01T00:00:00+23:59"]),
    st.integers(0, 2**63).map(lambda number: str(number).encode()),
)


@given(
    headers=st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=12).map(tuple),
    value=st.one_of(st.none(), st.binary(max_size=50), st.just(b'{"id": 1, "subject": "\\u0000"}')),
    timestamp=st.integers(-1, 2**62),
)
def test_whatever_is_on_the_topic_is_read_into_what_postgresql_can_store(
    headers: Headers, value: bytes | None, timestamp: int
) -> None:
    letter = read_letter(dlq_record(headers, value=value, timestamp=timestamp))

    texts = (
        letter.service,
        letter.group,
        letter.kind,
        letter.fingerprint,
        letter.service_version,
        letter.error.error_class,
        letter.error.cause_class,
        letter.error.message,
        letter.error.stack,
        letter.origin.topic,
        letter.event.event_id,
        letter.event.event_type,
        letter.event.session_id,
        letter.event.correlation_id,
    )
    for text in filter(None, texts):
        assert "\0" not in text
        assert text.encode()
    assert 0 <= (letter.origin.partition or 0) <= MAX_INT32
    assert 0 <= (letter.origin.offset or 0) <= MAX_INT64
    assert 0 <= (letter.attempts or 0) <= MAX_INT32
    for moment in (letter.failed_at, letter.first_failed_at, letter.origin.timestamp):
        assert moment is None or moment.tzinfo is UTC
