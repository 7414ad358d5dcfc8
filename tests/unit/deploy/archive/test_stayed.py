# SPDX-License-Identifier: Apache-2.0
"""What has to be left of an archived event of a session that was erased."""

from datetime import UTC, datetime

from deploy.archive.stayed import PAGE, left_of, pages
from shared.events.content import without_content
from shared.eventstore.intake import entries_of
from shared.eventstore.stored_event import StoredEvent
from tests.support.conversations import conversation
from tests.support.erasures import secretive
from tests.support.event_streams import delivered
from tests.support.secrets import SECRET

THEN, NOW = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)
SEAL = bytes(32)
ARCHIVED = [
    StoredEvent.of(each, recorded_at=THEN)
    for each in entries_of(delivered(secretive(conversation())))
]
SAID = [each for each in ARCHIVED if SECRET.encode() in each.value]


def test_nothing_is_left_of_what_was_erased_after_the_file_was_written() -> None:
    """Safeguard: ``blanked``, and another digest, by which no guess can be tested."""
    for each in SAID:
        left = left_of(each, SEAL, NOW)
        assert left.value == without_content(each.value)
        assert left.erased_at == NOW
        assert left.digest not in {each.digest, SEAL}


def test_what_was_erased_before_the_file_was_written_is_as_it_is_in_the_database() -> None:
    """The database writes JSON in another way than we do: its bytes stay those that it has."""
    erased = ARCHIVED[0]._replace(value=b'{"created_by": "[erased]"}', digest=SEAL, erased_at=THEN)
    assert left_of(erased, SEAL, NOW) is erased


def test_what_has_no_content_stays_but_says_why_its_digest_is_another() -> None:
    empty = next(each for each in ARCHIVED if without_content(each.value) == each.value)
    assert left_of(empty, empty.digest, NOW) is empty
    sealed = left_of(empty, SEAL, NOW)
    assert (sealed.value, sealed.headers_json) == (empty.value, empty.headers_json)
    assert sealed.erased_at == NOW


def test_erasing_twice_leaves_what_erasing_once_did() -> None:
    once = [left_of(each, SEAL, NOW) for each in ARCHIVED]
    assert [left_of(each, SEAL, THEN) for each in once] == once


def test_events_come_in_pages_and_none_is_left_out() -> None:
    many = [ARCHIVED[0]] * (PAGE + 1)
    assert [len(page) for page in pages(many)] == [PAGE, 1]
    assert list(pages([])) == []
