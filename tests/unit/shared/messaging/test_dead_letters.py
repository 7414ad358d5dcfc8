# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from shared.errors import DecodingError, DecodingProblem, PermanentError, TransientError
from shared.messaging import OutgoingRecord, Record, headers as names
from shared.messaging.dead_letters import MAX_MESSAGE, MAX_STACK, Failure, dead_letter
from shared.messaging.headers import readable
from tests.support.clock import NOON

HEADERS = (("a", b"1"), ("a", b"\xff"), ("b", None), (names.TRACEPARENT, b"00-trace"))
RECORD = Record(
    topic="source",
    partition=3,
    offset=42,
    timestamp=1_700_000_000_000,
    key=b"\x00key",
    value=b"\xffvalue",
    headers=HEADERS,
)


def failure(error: Exception, *, attempts: int = 3) -> Failure:
    return Failure(
        service="audit",
        group="agent-runtime.audit",
        service_version="1.0",
        error=error,
        attempts=attempts,
        failed_at=NOON,
    )


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def letter_of(error: Exception, record: Record = RECORD) -> OutgoingRecord:
    redriven = record.topic == "retry"
    return dead_letter(record, failure(raised(error)), topic="dlq", redriven=redriven)


def redriven(letter: OutgoingRecord, offset: int) -> Record:
    return replace(
        RECORD,
        topic="retry",
        partition=0,
        offset=offset,
        value=letter.value,
        headers=letter.headers,
    )


def test_key_value_and_headers_are_kept_byte_for_byte() -> None:
    letter = letter_of(PermanentError("no"))

    assert (letter.key, letter.value) == (RECORD.key, RECORD.value)
    assert letter.headers[: len(HEADERS)] == HEADERS


def test_the_letter_says_where_who_why_and_how_often() -> None:
    headers = readable(letter_of(PermanentError("no")).headers)

    assert headers[names.ORIGIN_TOPIC] == "source"
    assert headers[names.ORIGIN_PARTITION] == "3"
    assert headers[names.ORIGIN_OFFSET] == "42"
    assert headers[names.ERROR_SERVICE] == "audit"
    assert headers[names.ERROR_GROUP] == "agent-runtime.audit"
    assert headers[names.ERROR_CLASS] == "shared.errors.PermanentError"
    assert headers[names.ERROR_MESSAGE] == "no"
    assert headers[names.DELIVERY_COUNT] == "3"
    assert headers[names.FAILED_AT] == NOON.isoformat()
    assert "raise error" in headers[names.ERROR_STACK]


def test_kinds_tell_what_happened() -> None:
    kinds = {
        "poison": DecodingError(DecodingProblem.JSON, "x"),
        "oversize": DecodingError(DecodingProblem.OVERSIZE, "x"),
        "fatal": ValueError("x"),
        "exhausted": TransientError("x"),
    }

    assert {kind: failure(error).kind for kind, error in kinds.items()} == {
        kind: kind for kind in kinds
    }


def test_headers_do_not_grow_over_a_hundred_redrives_and_keep_the_first_origin() -> None:
    """P9: Safeguard: the headers of the last failure are left out before those of this one come."""
    letter = letter_of(PermanentError("first"))
    size = len(letter.headers)
    for offset in range(100):
        letter = letter_of(TransientError(f"again {offset}"), redriven(letter, offset))

    headers = readable(letter.headers)
    assert len(letter.headers) == size
    assert headers[names.ORIGIN_TOPIC] == "source"
    assert headers[names.ORIGIN_OFFSET] == "42"
    assert headers[names.ERROR_MESSAGE] == "again 99"
    assert headers[names.ERROR_KIND] == "exhausted"


def test_long_messages_and_stacks_are_truncated() -> None:
    """P9: Safeguard: the longest message and the longest stack that a letter has."""
    headers = readable(letter_of(PermanentError("x" * 100_000)).headers)

    assert len(headers[names.ERROR_MESSAGE]) == MAX_MESSAGE
    assert len(headers[names.ERROR_STACK]) == MAX_STACK


def test_secrets_are_scrubbed_from_message_and_stack() -> None:
    """P9: Safeguard: scrubbing, of the message and of the stack."""
    letter = letter_of(PermanentError("postgresql://user:hunter2@host/db refused"))

    assert not any(b"hunter2" in (value or b"") for _, value in letter.headers)


def test_text_that_is_no_unicode_is_replaced_and_does_not_fail() -> None:
    letter = letter_of(PermanentError("bad \udcff text"))

    assert readable(letter.headers)[names.ERROR_MESSAGE] == "bad ? text"


def test_a_tombstone_is_marked() -> None:
    marked = letter_of(PermanentError("no"), replace(RECORD, value=None))

    assert readable(marked.headers)[names.NULL_VALUE] == "true"
    assert names.NULL_VALUE not in readable(letter_of(PermanentError("no")).headers)


def test_failures_of_one_place_have_one_fingerprint_whatever_their_message() -> None:
    one, other = (raised(PermanentError(text)) for text in ("one", "other"))

    assert failure(one).fingerprint == failure(other, attempts=1).fingerprint
    assert failure(one).fingerprint != failure(raised(ValueError("one"))).fingerprint


def test_a_record_that_pretends_to_have_failed_before_is_not_believed() -> None:
    """P16: Safeguard: all headers of ours are left out, unless they came by the retry topic."""
    forged = replace(
        RECORD,
        headers=(
            *HEADERS,
            (names.ORIGIN_TOPIC, b"elsewhere"),
            (names.REDRIVE_COUNT, b"99"),
            (names.ERROR_MESSAGE, b"forged"),
        ),
    )

    letter = letter_of(PermanentError("no"), forged)

    headers = readable(letter.headers)
    assert headers[names.ORIGIN_TOPIC] == "source"
    assert headers[names.ERROR_MESSAGE] == "no"
    assert names.REDRIVE_COUNT not in headers
    assert letter.headers[: len(HEADERS)] == HEADERS
