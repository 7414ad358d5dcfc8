# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from shared.events import MessageReceived, SessionErased, Topics
from shared.messaging import OutgoingRecord, encode, headers as names
from shared.messaging.erasing import erased, is_erased
from tests.support.factories import an_event

TOPICS = Topics()
SAID = encode(an_event(MessageReceived, message_content="secret", sequence=3), TOPICS)


def test_a_record_keeps_its_envelope_and_says_that_its_content_is_gone() -> None:
    """Safeguard: the mark; without it, a reader that has the first bytes sees a contradiction."""
    found = erased(SAID)

    assert b"secret" not in (found.value or b"")
    assert found.headers == (*SAID.headers, (names.ERASED, b"true"))
    assert is_erased(found.headers)
    assert (found.topic, found.key) == (SAID.topic, SAID.key)


def test_a_record_is_erased_once() -> None:
    assert erased(erased(SAID)) == erased(SAID)


def test_the_order_to_erase_stays_as_it_is() -> None:
    order = encode(an_event(SessionErased, erased_by="ann", erasure_reason="ticket 7"), TOPICS)
    assert erased(order) == order


def test_an_error_that_may_quote_the_record_goes_with_it() -> None:
    quoting = ((names.ERROR_MESSAGE, b"bad: secret"), (names.ERROR_STACK, b"secret"))
    failed = replace(SAID, headers=SAID.headers + quoting)

    assert erased(failed) == erased(SAID)


def test_a_record_without_a_value_has_none_afterwards() -> None:
    tombstone = OutgoingRecord("t", b"k", None, ())
    assert erased(tombstone) == tombstone


def test_a_header_that_this_project_did_not_write_goes_too() -> None:
    """Safeguard: the headers that are kept are listed; a foreign one may quote the content."""
    foreign = replace(SAID, headers=(*SAID.headers, ("x-summary", b"secret")))

    assert erased(foreign) == erased(SAID)
