# SPDX-License-Identifier: Apache-2.0
import asyncio
from dataclasses import replace

import pytest

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.store.intake import Kept
from shared.errors import PermanentError, TransientError
from shared.events import DeadLetterParked, DeadLetterRedriven
from shared.ids import new_id
from shared.messaging import Record, headers as names
from shared.messaging.headers import Headers
from tests.support.dead_letter_records import (
    EVENT_HEADERS,
    TOPIC,
    failed,
    raised,
    read_back,
    source_record,
)
from tests.support.desk import MAX_REDRIVES, TestDesk

pytestmark = pytest.mark.connected

POISON: dict[str, tuple[bytes | None, Headers]] = {
    "a header that is not UTF-8": (b"{}", (("ce_id", b"\xff\xfe"),)),
    "a header that is null": (b"{}", (("ce_id", None),)),
    "a header that is there twice": (b"{}", (("ce_id", b"1"), ("ce_id", b"2"))),
    "a header with a name of NUL": (b"{}", (("\0", b"\0"), ("", b""))),
    "no headers": (b"{}", ()),
    "two megabytes": (bytes(range(256)) * 8192, EVENT_HEADERS),
    "an empty value": (b"", EVENT_HEADERS),
    "a tombstone": (None, EVENT_HEADERS),
    "no JSON": (b"{\x00\xff", EVENT_HEADERS),
    "an unknown type": (b"{}", (*EVENT_HEADERS, ("ce_type", b"agentruntime.domain.nope.v1"))),
    "a future version": (
        b"{}",
        (*EVENT_HEADERS, ("ce_type", b"agentruntime.domain.session_created.v999")),
    ),
    "other bytes that are no text": (b"\x00" * 100, (("h", bytes(range(256))),)),
}


async def test_poison_of_every_kind_is_kept_byte_for_byte(desk: TestDesk) -> None:
    poison = {
        name.encode(): Record(TOPIC, 0, offset, 1, name.encode(), value, headers)
        for offset, (name, (value, headers)) in enumerate(POISON.items())
    }

    kept = await desk.keep(*poison.values())

    assert kept == Kept(new=len(POISON), failed_again=0, repeated=0)
    assert await desk.stored_bytes() == {
        key: (record.value, record.headers) for key, record in poison.items()
    }


async def test_a_record_without_a_key_or_anything_else_is_kept(desk: TestDesk) -> None:
    await desk.keep(Record(TOPIC, 0, 0, -1, None, None, ()))

    assert await desk.stored_bytes() == {None: (None, ())}


async def test_a_batch_that_is_read_again_changes_nothing(desk: TestDesk) -> None:
    letters = [read_back(failed(source_record(offset=each)), offset=each) for each in range(3)]
    await desk.keep(*letters)

    kept = await desk.keep(*letters)

    assert kept == Kept(new=0, failed_again=0, repeated=3)
    assert [each.deliveries for each in await desk.letters()] == [1, 1, 1]


async def test_a_failure_that_a_crash_made_be_written_twice_is_one_letter(desk: TestDesk) -> None:
    """P2: Fails without the identity of the failure: the records have offsets of their own."""
    record = source_record()
    await desk.keep(failed(record))

    kept = await desk.keep(read_back(failed(record), offset=1), read_back(failed(record), offset=2))

    assert kept == Kept(new=0, failed_again=0, repeated=2)
    letter = await desk.only_letter()
    assert letter.deliveries == 3
    assert [place.offset for place in letter.places] == [0, 1, 2]


async def test_a_failure_written_twice_in_one_batch_is_one_letter(desk: TestDesk) -> None:
    record = source_record()

    kept = await desk.keep(failed(record), failed(record))

    assert kept == Kept(new=1, failed_again=0, repeated=1)
    assert (await desk.only_letter()).deliveries == 2


async def test_two_services_that_fail_on_one_record_make_two_letters(desk: TestDesk) -> None:
    """P7: groups share nothing. Safeguard: service and group are part of what a failure is."""
    record = source_record()

    await desk.keep(failed(record, service="metrics"), failed(record, service="audit"))

    assert [each.service for each in await desk.letters()] == ["metrics", "audit"]


async def test_offsets_that_begin_anew_hide_no_letter(desk: TestDesk) -> None:
    """Fails if coordinates alone told records apart: the embedded broker forgets its own."""
    await desk.keep(read_back(failed(source_record(value=b"before"))))

    await desk.keep(read_back(failed(source_record(value=b"after"))))

    assert len(await desk.letters()) == 2


async def test_two_processes_that_read_the_same_records_keep_each_once(desk: TestDesk) -> None:
    letters = [read_back(failed(source_record(offset=each)), offset=each) for each in range(50)]

    results = await asyncio.gather(
        *(desk.intake.keep(letters) for _ in range(4)), return_exceptions=True
    )

    assert any(isinstance(each, Kept) for each in results)
    assert [each.deliveries for each in await desk.letters()] == [1] * 50


async def test_many_letters_fit_in_one_batch(desk: TestDesk) -> None:
    letters = [read_back(failed(source_record(offset=each)), offset=each) for each in range(1500)]

    assert (await desk.keep(*letters)).new == 1500


async def test_a_letter_that_fails_again_is_open_again_with_its_count(desk: TestDesk) -> None:
    await desk.keep(failed(source_record(), raised(PermanentError("first"))))
    await desk.redrive((await desk.only_letter()).id)
    [sent] = await desk.redriven()

    again = failed(read_back(sent), raised(TransientError("second")), attempts=3)
    kept = await desk.keep(read_back(again, offset=1))

    assert kept == Kept(new=0, failed_again=1, repeated=0)
    letter = await desk.only_letter()
    assert (letter.status, letter.redrive_count, letter.deliveries) == (Status.OPEN, 1, 2)
    assert (letter.error_message, letter.kind, letter.attempts) == ("second", "exhausted", 3)
    assert letter.origin_offset == 17, "where it failed first is kept"
    assert [each.action for each in letter.actions] == [Action.REDRIVEN, Action.FAILED_AGAIN]


async def test_a_redrive_that_is_delivered_twice_counts_once(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    await desk.redrive((await desk.only_letter()).id)
    [sent] = await desk.redriven()

    again = [read_back(failed(read_back(sent)), offset=each) for each in (1, 2)]
    kept = await desk.keep(*again)

    assert kept == Kept(new=0, failed_again=1, repeated=1)
    letter = await desk.only_letter()
    assert (letter.status, letter.deliveries, len(letter.actions)) == (Status.OPEN, 3, 2)


async def test_a_late_copy_of_an_earlier_redrive_does_not_open_the_letter(desk: TestDesk) -> None:
    """Fails if any known redrive id would do: the letter is on its way with a newer one."""
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    await desk.redrive(letter.id)
    [first] = await desk.redriven()
    await desk.keep(read_back(failed(read_back(first)), offset=1))
    await desk.redrive(letter.id)

    await desk.keep(read_back(failed(read_back(first)), offset=2))

    letter = await desk.only_letter()
    assert (letter.status, letter.redrive_count) == (Status.REDRIVEN, 2)


async def test_a_letter_that_failed_too_often_is_parked_and_an_event_says_so(
    desk: TestDesk,
) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    for offset in range(1, MAX_REDRIVES + 1):
        await desk.redrive(letter.id)
        sent = (await desk.redriven())[-1]
        await desk.keep(read_back(failed(read_back(sent)), offset=offset))

    letter = await desk.only_letter()
    assert (letter.status, letter.redrive_count) == (Status.PARKED, MAX_REDRIVES)
    *redrives, parked = await desk.events()
    assert [type(each) for each in redrives] == [DeadLetterRedriven] * MAX_REDRIVES
    assert isinstance(parked, DeadLetterParked)
    assert (parked.dead_letter_id, parked.redrive_count) == (str(letter.id), MAX_REDRIVES)
    assert parked.sequence == MAX_REDRIVES + 1
    assert letter.can_redrive


@pytest.mark.parametrize("forgery", ["another record", "another service", "an unknown id"])
async def test_a_forged_redrive_id_makes_a_letter_of_its_own(desk: TestDesk, forgery: str) -> None:
    """P16: Fails if the id alone were trusted: the record would vanish into another letter."""
    await desk.keep(failed(source_record()))
    await desk.redrive((await desk.only_letter()).id)
    sent = read_back((await desk.redriven())[0])
    service = "metrics"
    if forgery == "another record":
        sent = replace(sent, value=b"mine")
    elif forgery == "another service":
        service = "audit"
    else:
        unknown = (names.REDRIVE_ID, str(new_id()).encode())
        sent = replace(sent, headers=(*sent.headers, unknown))

    await desk.keep(read_back(failed(sent, service=service), offset=1))

    first, second = await desk.letters()
    assert (first.status, second.status) == (Status.REDRIVEN, Status.OPEN)
    assert second.redrive_count == 0


async def test_a_foreign_letter_is_kept_with_what_it_says(desk: TestDesk) -> None:
    headers = (
        ("__connect.errors.topic", b"orders"),
        ("__connect.errors.connector.name", b"to-elastic"),
    )

    await desk.keep(Record(TOPIC, 0, 0, 1, b"k", b"v", headers))

    letter = await desk.only_letter()
    assert (letter.family, letter.service) == ("connect", None)
    assert (letter.consumer_group, letter.origin_topic) == ("to-elastic", "orders")
    assert not letter.can_redrive
