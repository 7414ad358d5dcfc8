# SPDX-License-Identifier: Apache-2.0
"""A corrected copy is a new event in the old place, and says where it comes from."""

from dataclasses import replace
from typing import Any

import pytest

from services.dead_letters.letters.dead_event import DeadEvent
from services.dead_letters.letters.edit import Edit, EditError, edited_event, edited_record
from shared.events import MessageReceived, Topics
from shared.ids import new_id
from shared.messaging import decode, headers as names
from tests.support.dead_letter_records import FAILED_AT, read_back

EDIT = Edit(letter_id=new_id(), event_id=new_id(), operator="ada")
DEAD = DeadEvent(
    event_id=str(new_id()),
    event_type="agentruntime.domain.message_received.v1",
    session_id="s-1",
    aggregate_id="s-1",
    correlation_id="c-1",
    sequence=5,
    occurred_at=FAILED_AT,
)
PAYLOAD: dict[str, Any] = {"session_id": "s-1", "message_content": "hello", "message_length": 5}


def test_it_has_the_place_of_the_dead_event_and_names_it_its_cause() -> None:
    event = edited_event(EDIT, DEAD, PAYLOAD)

    assert isinstance(event, MessageReceived)
    assert event.event_id == EDIT.event_id
    assert str(event.causation_id) == DEAD.event_id
    assert (event.aggregate_id, event.sequence) == ("s-1", 5)
    assert (event.correlation_id, event.occurred_at) == ("c-1", FAILED_AT)


def test_its_record_says_which_letter_it_is_from_and_who_made_it() -> None:
    event = edited_event(EDIT, DEAD, PAYLOAD)

    record = edited_record(EDIT, event, topic="retry", topics=Topics())

    assert (record.topic, record.key) == ("retry", b"s-1")
    headers = dict(record.headers)
    assert headers[names.EDIT_LETTER] == str(EDIT.letter_id).encode()
    assert headers[names.EDIT_BY] == b"ada"
    assert decode(read_back(record)) == event


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({**PAYLOAD, "message_length": "many"}, "message_length"),
        ({"session_id": "s-1"}, "message_content"),
        ({**PAYLOAD, "mesage_content": "slip"}, "has no field mesage_content"),
        ({**PAYLOAD, "sequence": 9}, "has no field sequence"),
        ({**PAYLOAD, "session_id": "s-2"}, "stays in its session"),
    ],
)
def test_what_is_no_such_event_is_refused(payload: dict[str, Any], said: str) -> None:
    """Safeguard: the model of the event, without fields that it would ignore."""
    with pytest.raises(EditError, match=said):
        edited_event(EDIT, DEAD, payload)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"event_type": None}, "name them"),
        ({"sequence": None}, "name them"),
        ({"event_type": "agentruntime.domain.unheard_of.v1"}, "no event has the type"),
    ],
)
def test_a_letter_that_is_no_event_has_to_be_given_one(changed: Any, said: str) -> None:
    with pytest.raises(EditError, match=said):
        edited_event(EDIT, replace(DEAD, **changed), PAYLOAD)
