# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import timedelta

from services.dead_letters.letters.identity import (
    content_digest,
    failure_identity,
    record_digest,
)
from services.dead_letters.letters.letter import read_letter
from shared.errors import PermanentError
from shared.messaging import Record
from tests.support.dead_letter_records import (
    FAILED_AT,
    failed,
    raised,
    read_back,
    source_record,
)


def identity(record: Record) -> bytes:
    return failure_identity(record, read_letter(record))


def test_one_failure_that_is_written_twice_is_one() -> None:
    record = source_record()
    first = read_back(failed(record), offset=0)
    again = failed(
        record, raised(PermanentError("in other words")), failed_at=FAILED_AT + timedelta(minutes=1)
    )

    assert identity(first) == identity(read_back(again, offset=1))
    assert record_digest(first) != record_digest(read_back(again, offset=1))


def test_failures_of_two_services_on_one_record_are_two() -> None:
    record = source_record()

    assert identity(read_back(failed(record, service="metrics"))) != identity(
        read_back(failed(record, service="audit"))
    )


def test_a_failure_after_a_redrive_is_another_one() -> None:
    sent_back = source_record(
        topic="agent-runtime.metrics.retry",
        headers=(("x-redrive-id", b"01890a5d-ac96-774b-bcce-b302099a8058"),),
    )

    assert identity(read_back(failed(sent_back))) != identity(
        read_back(failed(replace(sent_back, headers=())))
    )


def test_forged_coordinates_do_not_make_one_record_pass_for_another() -> None:
    first = read_back(failed(source_record(value=b"one")))
    forged = read_back(failed(source_record(value=b"two")))

    assert identity(first) != identity(forged)


def test_letters_that_do_not_say_where_they_failed_are_all_different() -> None:
    nothing = Record("dlq", 0, 0, 0, None, b"{}", ())

    assert identity(nothing) != identity(replace(nothing, offset=1))
    assert identity(nothing) == identity(nothing)


def test_offsets_that_begin_anew_do_not_hide_a_record() -> None:
    before = Record("dlq", 0, 0, 1, b"k", b"v", (("h", b"1"),))

    for after in (
        replace(before, timestamp=2),
        replace(before, key=None),
        replace(before, value=b""),
        replace(before, headers=(("h", None),)),
        replace(before, headers=(("h", b""),)),
        replace(before, headers=()),
    ):
        assert record_digest(after) != record_digest(before)


def test_no_two_contents_have_the_same_bytes_to_digest() -> None:
    whole = source_record(key=b"ab", value=b"c", headers=())

    assert content_digest(whole) != content_digest(replace(whole, key=b"a", value=b"bc"))
    assert content_digest(whole) != content_digest(replace(whole, key=b"", value=b"abc"))
    assert content_digest(replace(whole, value=None)) != content_digest(replace(whole, value=b""))


def test_the_content_stays_the_same_however_often_a_record_fails() -> None:
    record = source_record()
    once = read_back(failed(record))
    hop = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-ffffffffffffffff-01")
    again = replace(
        once, headers=(*(each for each in once.headers if each[0] != "traceparent"), hop)
    )

    assert content_digest(record) == content_digest(once)
    assert content_digest(once) == content_digest(read_back(failed(again)))
