# SPDX-License-Identifier: Apache-2.0
"""A stored event says what its record says, by a quicker way."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st
from pydantic_core import to_json

from shared.errors import DecodingError
from shared.events import MessageReceived, Topics
from shared.eventstore.entries import entry_of
from shared.eventstore.headers import headers_to_json
from shared.eventstore.stored_event import StoredEvent
from shared.messaging import Record, encode
from shared.messaging.codec import deliver
from shared.messaging.headers import Headers

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SAID = MessageReceived(session_id="s", message_content="hi", message_length=2, sequence=1)
SENT = encode(SAID, Topics())
RECORD = Record("t", 0, 7, 0, SENT.key, SENT.value, SENT.headers)
STORED = StoredEvent.of(entry_of(SAID, RECORD), recorded_at=NOW)

STRUCTURED = to_json(
    {
        "specversion": "1.0",
        "id": str(SAID.event_id),
        "source": "/elsewhere",
        "type": SAID.type_name(),
        "time": "2026-11-22T12:00:00+02:00",
        "subject": "s",
        "sequence": "1",
        "data": SAID.payload(),
    }
)
MORE = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "x-other", "ce_new", 'x["ce_source","not this"]']),
        st.sampled_from([None, b"1", b"\xff", b'["ce_source","nor this"]']),
    ),
    max_size=4,
)
WITHOUT = st.sampled_from([(), ("ce_source",), ("ce_correlationid", "ce_causationid")])
VALUES = st.sampled_from([SENT.value, b"", b"[]", b"{", b"{}"])


def test_it_is_what_its_columns_and_its_value_say() -> None:
    said = STORED._replace(headers_json=headers_to_json(SENT.headers), sequence=2)

    assert said.event() == SAID.recorded(sequence=2, source="/s")
    assert said.decoded() == SAID.recorded(sequence=1, source="/s")


@given(more=MORE, without=WITHOUT, value=VALUES, front=st.booleans(), structured=st.booleans())
def test_whatever_was_taken_in_it_says_what_its_record_says(
    more: Headers, without: tuple[str, ...], value: bytes, *, front: bool, structured: bool
) -> None:
    """Safeguard: structured records, and headers without a plain ``ce_source``, are decoded."""
    kept = tuple((name, said) for name, said in SENT.headers if name not in without)
    if structured:
        value = STRUCTURED
        kept = (("content-type", b"application/cloudevents+json"), *kept[1:])
    headers = (*more, *kept) if front else (*kept, *more)
    record = replace(RECORD, headers=headers, value=value)
    event = deliver(record).event
    if event is None:
        return
    stored = StoredEvent.of(entry_of(event, record), recorded_at=NOW)

    assert stored.event() == event == stored.decoded()


def test_what_is_archived_says_where_it_is() -> None:
    archived = STORED._replace(value=b"", archived=True)

    with pytest.raises(DecodingError, match="archive of 2026-11"):
        archived.event()
