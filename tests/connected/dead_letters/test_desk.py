# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.store.answers import Refusal
from services.dead_letters.views import ActionResult, DiscardRequest, RedriveRequest
from shared.events import DeadLetterDiscarded, DeadLetterRedriven
from shared.ids import new_id
from shared.messaging import headers as names
from shared.messaging.claim_check import smaller_letters
from tests.support.dead_letter_records import (
    EVENT_HEADERS,
    failed,
    read_back,
    source_record,
)
from tests.support.desk import WISH, TestDesk

pytestmark = pytest.mark.connected

DISCARD = DiscardRequest(operator="ada", reason="the customer is gone")
DRY = RedriveRequest(operator="ada", dry_run=True)


async def test_a_redrive_goes_to_the_service_that_failed_and_to_no_other(desk: TestDesk) -> None:
    """P8: Fails if the record went to the topic it came from, where every service would read it."""
    record = source_record()
    await desk.keep(failed(record, service="metrics"))

    result = await desk.redrive((await desk.only_letter()).id)

    [sent] = await desk.redriven()
    assert sent.topic == result.topic == "agent-runtime.metrics.retry"
    assert (sent.key, sent.value) == (record.key, record.value)
    assert sent.headers[: len(EVENT_HEADERS)] == EVENT_HEADERS
    added = dict(sent.headers[len(EVENT_HEADERS) :])
    assert set(added) == names.ORIGIN_HEADERS | names.REDRIVE_HEADERS
    assert added[names.REDRIVE_ID] == str(result.redrive_id).encode()
    assert added[names.REDRIVE_COUNT] == b"1"
    assert added[names.REDRIVE_BY] == b"ada"
    assert desk.commits.count == 1


async def test_a_redrive_is_an_event_of_the_conversation_it_belongs_to(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()

    result = await desk.redrive(letter.id)

    [event] = await desk.events()
    assert isinstance(event, DeadLetterRedriven)
    assert (event.aggregate_id, event.sequence) == ("service:dead_letters", 1)
    assert (event.operator, event.reason, event.service) == ("ada", "mended", "metrics")
    assert (event.dead_letter_id, event.redrive_count) == (str(letter.id), 1)
    assert event.redrive_id == str(result.redrive_id)
    assert event.correlation_id == "c-1"
    assert str(event.causation_id) == event.dead_event_id == letter.event_id


@pytest.mark.parametrize(
    ("key", "value"), [(None, b"\xff\x00"), (b"\xff", None), (None, None), (b"k", b"")]
)
async def test_a_record_goes_back_byte_for_byte(
    desk: TestDesk, key: bytes | None, value: bytes | None
) -> None:
    odd = (("a", None), ("b", b"\xff"), ("a", b"1"), ("", b""), ("\0", b"\0"))
    await desk.keep(failed(source_record(key=key, value=value, headers=odd)))

    await desk.redrive((await desk.only_letter()).id)

    [sent] = await desk.redriven()
    assert (sent.key, sent.value, sent.headers[: len(odd)]) == (key, value, odd)


async def test_a_letter_without_its_value_is_not_sent_back_as_an_empty_record(
    desk: TestDesk,
) -> None:
    """Safeguard: the claim in ``Redriving.act``; without it a record without a value is sent."""
    record = source_record()
    smaller, _ = smaller_letters(record, failed(record))
    await desk.keep(smaller)
    letter = await desk.only_letter()

    refused = await desk.desk.redrive(letter.id, WISH)

    assert isinstance(refused, Refusal)
    assert "lies at agent-runtime.domain/3/17" in refused.detail
    assert (letter.can_redrive, letter.why_not) == (False, refused.detail)
    assert await desk.redriven() == []


async def test_a_letter_larger_than_an_event_may_be_goes_back_too(desk: TestDesk) -> None:
    await desk.keep(failed(source_record(value=b"x" * 2_000_000)))

    await desk.redrive((await desk.only_letter()).id)

    assert len(await desk.redriven()) == 1


async def test_a_dry_run_says_where_a_letter_would_go_and_changes_nothing(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    before = await desk.only_letter()

    result = await desk.redrive(before.id, DRY)

    assert (result.topic, result.dry_run) == ("agent-runtime.metrics.retry", True)
    assert result.redrive_id is None
    assert await desk.only_letter() == before
    assert await desk.outbox() == []
    assert desk.commits.count == 0


async def test_a_letter_that_is_on_its_way_is_not_sent_a_second_time(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    await desk.redrive(letter.id)

    answer = await desk.desk.redrive(letter.id, WISH)

    assert isinstance(answer, Refusal)
    assert (answer.status, "the letter is redriven" in answer.detail) == (409, True)
    assert len(await desk.redriven()) == 1


async def test_two_operators_who_redrive_at_once_send_a_letter_once(desk: TestDesk) -> None:
    """Fails without the lock on the letter."""
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()

    answers = await asyncio.gather(*(desk.desk.redrive(letter.id, WISH) for _ in range(8)))

    assert sum(isinstance(each, ActionResult) for each in answers) == 1
    assert len(await desk.redriven()) == 1


async def test_a_foreign_letter_cannot_be_sent_back_and_the_answer_says_why(
    desk: TestDesk,
) -> None:
    record = source_record(headers=(("__streams.errors.topic", b"orders"),))
    await desk.keep(record)

    answer = await desk.desk.redrive((await desk.only_letter()).id, WISH)

    assert isinstance(answer, Refusal)
    assert answer.status == 409
    assert "do not say which service failed" in answer.detail


async def test_forged_headers_cannot_choose_a_topic(desk: TestDesk) -> None:
    """Fails if the service in the headers were not checked: the DLQ itself could be named."""
    await desk.keep(failed(source_record(), service="dead_letters"))

    answer = await desk.desk.redrive((await desk.only_letter()).id, WISH)

    assert isinstance(answer, Refusal)
    assert (answer.status, "has no retry topic" in answer.detail) == (409, True)


async def test_a_letter_that_is_not_there_is_not_found(desk: TestDesk) -> None:
    redrive = await desk.desk.redrive(new_id(), WISH)
    discard = await desk.desk.discard(new_id(), DISCARD)

    assert isinstance(redrive, Refusal)
    assert isinstance(discard, Refusal)
    assert (redrive.status, discard.status) == (404, 404)


async def test_a_letter_that_was_given_up_stays_and_an_event_says_so(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()

    answer = await desk.desk.discard(letter.id, DISCARD)

    assert isinstance(answer, ActionResult)
    letter = await desk.only_letter()
    assert letter.status is Status.DISCARDED
    [action] = letter.actions
    assert (action.action, action.operator) == (Action.DISCARDED, "ada")
    assert action.reason == "the customer is gone"
    [event] = await desk.events()
    assert isinstance(event, DeadLetterDiscarded)
    assert (event.dead_letter_id, event.reason) == (str(letter.id), "the customer is gone")
    assert await desk.redriven() == []


async def test_the_event_of_a_discard_says_which_place_is_passed_over(desk: TestDesk) -> None:
    """Fails if the place were left out: the service that failed would wait for it for ever."""
    await desk.keep(failed(source_record()))

    await desk.desk.discard((await desk.only_letter()).id, DISCARD)

    [event] = await desk.events()
    assert isinstance(event, DeadLetterDiscarded)
    assert event.service == "metrics"
    assert (event.dead_aggregate_id, event.dead_sequence) == ("s-1", 5)
    assert event.dead_event_id == str((await desk.only_letter()).event_id)
    stand_in = event.stand_in()
    assert stand_in
    assert (stand_in.aggregate_id, stand_in.sequence, stand_in.stands_in) == ("s-1", 5, True)
    assert not event.stands_in


async def test_an_operator_names_the_place_of_an_event_that_cannot_be_read_at_all(
    desk: TestDesk,
) -> None:
    await desk.keep(failed(source_record(headers=(("ce_id", b"\xff"),))))
    letter = await desk.only_letter()
    named = DISCARD.model_copy(update={"aggregate_id": "s-1", "sequence": 7})

    await desk.desk.discard(letter.id, named)

    [event] = await desk.events()
    assert isinstance(event, DeadLetterDiscarded)
    assert (event.dead_aggregate_id, event.dead_sequence) == ("s-1", 7)


async def test_an_operator_cannot_name_another_place_than_the_letter_does(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    named = DISCARD.model_copy(update={"aggregate_id": "s-1", "sequence": 7})

    answer = await desk.desk.discard((await desk.only_letter()).id, named)

    assert isinstance(answer, Refusal)
    assert (answer.status, "event 5 of 's-1'" in answer.detail) == (409, True)


@pytest.mark.parametrize("action", ["redrive", "discard"])
async def test_a_discarded_letter_takes_no_further_action(desk: TestDesk, action: str) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    await desk.desk.discard(letter.id, DISCARD)

    answer = (
        await desk.desk.redrive(letter.id, WISH)
        if action == "redrive"
        else await desk.desk.discard(letter.id, DISCARD)
    )

    assert isinstance(answer, Refusal)
    assert (answer.status, "the letter is discarded" in answer.detail) == (409, True)


async def test_events_are_numbered_without_gaps_whoever_is_first(desk: TestDesk) -> None:
    """Fails without the locked row of the number: two would get the same one."""
    await desk.keep(*(failed(source_record(offset=each)) for each in range(20)))
    found = await desk.letters()

    await asyncio.gather(
        *(desk.redrive(each.id) for each in found[::2]),
        *(desk.desk.discard(each.id, DISCARD) for each in found[1::2]),
        *(desk.desk.discard(each.id, DISCARD) for each in found[::2]),
    )

    assert [each.sequence for each in await desk.events()] == list(range(1, 21))


async def test_the_same_idempotency_key_gets_the_same_answer(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()

    answers = await asyncio.gather(
        *(desk.desk.redrive(letter.id, WISH, key="k-1") for _ in range(6))
    )

    assert len({each.model_dump_json() for each in answers}) == 1
    assert isinstance(answers[0], ActionResult)
    assert len(await desk.redriven()) == 1
    assert desk.commits.count == 1


async def test_a_refusal_is_remembered_under_its_key_too(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    await desk.redrive(letter.id)
    refused = await desk.desk.redrive(letter.id, WISH, key="k-1")
    [sent] = await desk.redriven()
    await desk.keep(read_back(failed(read_back(sent)), offset=1))

    again = await desk.desk.redrive(letter.id, WISH, key="k-1")

    assert isinstance(refused, Refusal)
    assert again == refused


async def test_a_key_that_was_used_for_something_else_is_refused(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))
    letter = await desk.only_letter()
    await desk.desk.redrive(letter.id, DRY, key="k-1")

    answers = [
        await desk.desk.redrive(letter.id, WISH, key="k-1"),
        await desk.desk.discard(letter.id, DISCARD, key="k-1"),
    ]

    assert [each.status for each in answers if isinstance(each, Refusal)] == [422, 422]
    assert (await desk.only_letter()).status is Status.OPEN
