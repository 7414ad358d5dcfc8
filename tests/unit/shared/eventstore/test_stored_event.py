# SPDX-License-Identifier: Apache-2.0
"""A stored event says what its record says, by a quicker way."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from shared.errors import DecodingError
from shared.events import Event, MessageReceived, Topics
from shared.eventstore.entries import entry_of
from shared.eventstore.headers import headers_to_json
from shared.eventstore.stored_event import StoredEvent
from shared.messaging import encode
from shared.messaging.codec import decode
from shared.messaging.headers import Headers

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SAID = MessageReceived(session_id="s", message_content="hi", message_length=2, sequence=1)
RECORD = encode(SAID, Topics())
STORED = StoredEvent.of(entry_of(SAID, RECORD), recorded_at=NOW)

MORE = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_type", "content-type", "x-other", "ce_new"]),
        st.none() | st.sampled_from([b"1", b"\xff", b"application/cloudevents+json"]),
    ),
    max_size=4,
)
VALUES = st.sampled_from([RECORD.value or b"", b"", b"[]", b"{", b"{}", b'{"data": {}}'])


def read(stored: StoredEvent) -> Event | tuple[object, str]:
    try:
        return stored.event()
    except DecodingError as problem:
        return problem.kind, str(problem)


def decoded(stored: StoredEvent) -> Event | tuple[object, str]:
    try:
        return decode(stored.record(), max_bytes=len(stored.value))
    except DecodingError as problem:
        return problem.kind, str(problem)


@given(more=MORE, value=VALUES, front=st.booleans())
def test_whatever_the_headers_it_says_what_the_record_says(
    more: Headers, value: bytes, *, front: bool
) -> None:
    """Safeguard: headers that are null, no text or there twice go the long way."""
    headers = (*more, *RECORD.headers) if front else (*RECORD.headers, *more)
    stored = STORED._replace(headers_json=headers_to_json(headers), value=value)

    assert read(stored) == decoded(stored)


def test_what_is_archived_says_where_it_is() -> None:
    archived = STORED._replace(value=b"", archived=True)

    with pytest.raises(DecodingError, match="archive of 2026-11"):
        archived.event()
