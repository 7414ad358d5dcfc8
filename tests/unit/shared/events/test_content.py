# SPDX-License-Identifier: Apache-2.0
"""What is left of an event whose session was erased."""

import json

import pytest

from shared.events import (
    BaseEvent,
    DeadLetterDiscarded,
    DomainEvent,
    Event,
    SessionErasedEvent,
    Topics,
)
from shared.events.base import ENVELOPE, SessionInfrastructureEvent
from shared.events.catalogue import CATALOGUE
from shared.events.content import CONTENT, KEPT, without_content
from shared.messaging import Record, decode, encode
from tests.support.factories import an_event

OF_SESSIONS = [
    each
    for each in CATALOGUE
    if issubclass(
        each, (DomainEvent, SessionInfrastructureEvent, SessionErasedEvent, DeadLetterDiscarded)
    )
]


@pytest.mark.parametrize("kind", OF_SESSIONS, ids=lambda kind: kind.__name__)
def test_somebody_has_decided_of_each_field_whether_it_is_content(kind: type[Event]) -> None:
    """A new field of an event has to be named in one of the two lists."""
    fields = set(kind.model_fields) - ENVELOPE
    assert fields <= KEPT | CONTENT, "name it in shared/events/content.py"
    assert not fields & KEPT & CONTENT


@pytest.mark.parametrize("kind", OF_SESSIONS, ids=lambda kind: kind.__name__)
def test_every_event_can_still_be_read_without_its_content(kind: type[Event]) -> None:
    """Safeguard: ``_blank`` keeps the type of each value."""
    event = an_event(kind)
    record = encode(event, Topics())

    value = without_content(record.value or b"")
    read = decode(Record("t", 0, 0, 0, record.key, value, record.headers))

    assert type(read) is kind
    assert kept(read) == kept(event)


def kept(event: Event) -> dict[str, object]:
    return {name: each for name, each in event.payload().items() if name not in CONTENT}


def test_what_has_no_content_keeps_its_bytes() -> None:
    value = b'{ "turn_id":"t-1",\n"session_id": "s-1" }'
    assert without_content(value) is value


def test_what_nobody_knows_is_content() -> None:
    """Safeguard: the fields that are kept are listed, and not those that are erased."""
    value = json.dumps({"turn_id": "t", "mood": "sad", "face": {"nose": 1}, "age": 44, "ok": True})

    assert json.loads(without_content(value.encode())) == {
        "turn_id": "t",
        "mood": "[erased]",
        "face": {},
        "age": 0,
        "ok": True,
    }


def test_erasing_twice_changes_nothing_more() -> None:
    once = without_content(b'{"message_content":"hello","message_length":5}')
    assert without_content(once) == once


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[1]", b"7", b'"text"', b"null"])
def test_nothing_is_kept_of_what_cannot_be_looked_into(value: bytes) -> None:
    assert without_content(value) == b"{}"


def test_a_structured_cloudevent_is_looked_into() -> None:
    envelope = {"specversion": "1.0", "id": "1", "data": {"message_content": "hello", "step": 1}}

    found = json.loads(without_content(json.dumps(envelope).encode()))

    assert found == {**envelope, "data": {"message_content": "[erased]", "step": 1}}


def test_the_order_itself_keeps_who_gave_it_and_why() -> None:
    """Otherwise nobody could tell afterwards whether it was right to erase."""
    assert {"erased_by", "erasure_reason"} <= KEPT
    assert issubclass(SessionErasedEvent, BaseEvent)
