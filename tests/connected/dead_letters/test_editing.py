# SPDX-License-Identifier: Apache-2.0
"""An operator corrects a letter: a new event, to the service that failed alone."""

from typing import Any

import pytest

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.store.answers import Answer, Refusal
from services.dead_letters.views import ActionResult, EditRequest
from shared.events import DeadLetterEdited
from shared.messaging import decode, headers as names
from tests.support.dead_letter_records import failed, read_back, source_record
from tests.support.desk import TestDesk

pytestmark = pytest.mark.connected

PAYLOAD = {"session_id": "s-1", "message_content": "hello", "message_length": 5}


def wish(**fields: Any) -> EditRequest:
    given = {"operator": "ada", "reason": "a typing error", "payload": PAYLOAD, **fields}
    return EditRequest.model_validate(given)


async def edit(desk: TestDesk, **fields: Any) -> Answer:
    return await desk.desk.edit((await desk.only_letter()).id, wish(**fields))


async def test_the_copy_goes_to_the_service_that_failed_and_the_letter_is_closed(
    desk: TestDesk,
) -> None:
    """Safeguard: record, event and state in one transaction, and the retry topic of the service."""
    await desk.keep(failed(source_record(), service="metrics"))

    answer = await edit(desk)

    assert isinstance(answer, ActionResult)
    letter = await desk.only_letter()
    assert letter.status is Status.EDITED
    assert (letter.actions[0].action, letter.actions[0].operator) == (Action.EDITED, "ada")
    [sent] = await desk.redriven()
    event = decode(read_back(sent))
    assert sent.topic == answer.topic == "agent-runtime.metrics.retry"
    assert (event.event_id, event.sequence) == (answer.new_event_id, 5)
    assert str(event.causation_id) == letter.event_id
    assert dict(sent.headers)[names.EDIT_LETTER] == str(letter.id).encode()
    [told] = await desk.events()
    assert isinstance(told, DeadLetterEdited)
    assert (told.operator, told.new_event_id) == ("ada", str(answer.new_event_id))
    assert isinstance(await edit(desk), Refusal)


async def test_a_copy_that_fails_too_is_a_letter_of_its_own_that_names_the_first(
    desk: TestDesk,
) -> None:
    await desk.keep(failed(source_record()))
    await edit(desk)
    [sent] = await desk.redriven()

    await desk.keep(read_back(failed(read_back(sent)), offset=9))

    first, second = await desk.letters()
    assert (first.status, second.status) == (Status.EDITED, Status.OPEN)
    assert (names.EDIT_LETTER, str(first.id)) in [(each.name, each.text) for each in second.headers]


async def test_a_dry_run_and_a_refusal_change_nothing(desk: TestDesk) -> None:
    await desk.keep(failed(source_record()))

    tried = await edit(desk, dry_run=True)
    refused = await edit(desk, payload={"session_id": "s-1"})
    elsewhere = await edit(desk, sequence=6)

    assert isinstance(tried, ActionResult)
    assert isinstance(refused, Refusal)
    assert isinstance(elsewhere, Refusal)
    assert (tried.dry_run, refused.status, elsewhere.status) == (True, 422, 409)
    assert (await desk.only_letter()).status is Status.OPEN
    assert await desk.outbox() == []


async def test_an_operator_names_the_event_of_a_letter_that_does_not_say_what_it_was(
    desk: TestDesk,
) -> None:
    await desk.keep(failed(source_record(headers=(("ce_id", b"\xff"),))))
    named = {"event_type": "agentruntime.domain.message_received.v1", "aggregate_id": "s-1"}

    answer = await edit(desk, **named, sequence=7)

    assert isinstance(answer, ActionResult)
    [sent] = await desk.redriven()
    event = decode(read_back(sent))
    assert (event.aggregate_id, event.sequence, event.causation_id) == ("s-1", 7, None)
