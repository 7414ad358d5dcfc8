# SPDX-License-Identifier: Apache-2.0
import json
from datetime import UTC, datetime

import pytest

from services.dead_letters.letters.dead_event import DeadEvent, read_event
from shared.messaging.headers import Headers
from tests.support.dead_letter_records import EVENT_HEADERS

KNOWN = DeadEvent(
    event_id="01890a5d-ac96-774b-bcce-b302099a8057",
    event_type="agentruntime.domain.message_received.v1",
    session_id="s-1",
    correlation_id="c-1",
    aggregate_id="s-1",
    sequence=5,
    occurred_at=datetime(2026, 3, 1, 11, 59, tzinfo=UTC),
)
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json; charset=utf-8"),)


def test_an_event_in_binary_mode_is_read_from_headers_whatever_the_value_is() -> None:
    assert read_event(EVENT_HEADERS, b"\xff not JSON") == KNOWN


def test_an_event_in_structured_mode_is_read_from_the_value() -> None:
    value = json.dumps(
        {
            "id": KNOWN.event_id,
            "type": KNOWN.event_type,
            "subject": KNOWN.session_id,
            "sequence": "5",
            "time": "2026-03-01T11:59:00Z",
            "correlationid": KNOWN.correlation_id,
            "data": {},
        }
    ).encode()

    assert read_event(STRUCTURED, value) == KNOWN


@pytest.mark.parametrize("value", [None, b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"id": {}}'])
def test_a_structured_event_that_is_broken_says_nothing(value: bytes | None) -> None:
    assert read_event(STRUCTURED, value) == DeadEvent()


def test_what_a_service_did_itself_belongs_to_no_session() -> None:
    headers = (("ce_subject", b"service:metrics/1"),)

    event = read_event(headers, b"{}")

    assert (event.session_id, event.aggregate_id) == (None, "service:metrics/1")


@pytest.mark.parametrize("value", [b"0", b"", b"-1", b"five", b"\xff", b"9" * 30, None])
def test_what_is_no_number_of_an_event_is_no_place(value: bytes | None) -> None:
    assert read_event((("ce_sequence", value),), b"{}").sequence is None


@pytest.mark.parametrize("value", [b"two words", b"\xff", b"x" * 129, "é".encode(), b""])
def test_a_correlation_id_that_must_not_be_written_anywhere_is_not_taken(value: bytes) -> None:
    assert read_event((("ce_correlationid", value),), b"{}").correlation_id is None
