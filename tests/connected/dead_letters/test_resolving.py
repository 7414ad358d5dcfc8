# SPDX-License-Identifier: Apache-2.0
"""A letter whose redrive was handled is closed, by the word of the service that failed."""

import pytest

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.views import ActionResult, DiscardRequest
from shared.events import DeadLetterResolved
from shared.ids import new_id
from tests.support.dead_letter_records import failed, read_back, source_record
from tests.support.desk import TestDesk

pytestmark = pytest.mark.connected


async def redriven(desk: TestDesk) -> ActionResult:
    await desk.keep(failed(source_record(), service="metrics"))
    return await desk.redrive((await desk.only_letter()).id)


def resolved(
    sent: ActionResult, *, service: str = "metrics", redrive_id: object = None
) -> DeadLetterResolved:
    return DeadLetterResolved(
        aggregate_id=f"service:{service}/1",
        dead_letter_id=str(sent.letter.id),
        redrive_id=str(redrive_id or sent.redrive_id),
        service=service,
        operator=service,
    )


async def test_a_letter_that_was_handled_is_resolved_once_however_often_it_is_told(
    desk: TestDesk,
) -> None:
    """Safeguard: only a letter that is on its way, or waits again, is closed."""
    sent = await redriven(desk)

    closed = [await desk.resolving.resolve([resolved(sent)]) for _ in range(2)]

    letter = await desk.only_letter()
    assert closed == [1, 0]
    assert letter.status is Status.RESOLVED
    assert [each.action for each in letter.actions] == [Action.REDRIVEN, Action.RESOLVED]
    assert (letter.actions[-1].operator, letter.actions[-1].redrive_id) == (
        "metrics",
        sent.redrive_id,
    )
    assert letter.why_not == "the letter is resolved; only an open or a parked one can be redriven"


@pytest.mark.parametrize("told_first", [True, False])
async def test_a_record_that_comes_twice_and_is_handled_once_has_had_its_effect(
    desk: TestDesk, told_first: bool
) -> None:
    """Safeguard: a letter that waits again can be closed, and a closed one does not open."""
    sent = await redriven(desk)
    [record] = await desk.redriven()

    if told_first:
        await desk.resolving.resolve([resolved(sent)])
    await desk.keep(read_back(failed(read_back(record)), offset=1))
    if not told_first:
        await desk.resolving.resolve([resolved(sent)])

    assert (await desk.only_letter()).status is Status.RESOLVED


@pytest.mark.parametrize("wrong", [{"service": "audit"}, {"redrive_id": new_id()}])
async def test_only_the_service_that_failed_closes_and_only_by_the_last_redrive(
    desk: TestDesk, wrong: dict[str, object]
) -> None:
    sent = await redriven(desk)

    closed = await desk.resolving.resolve([resolved(sent, **wrong)])  # type: ignore[arg-type]

    assert (closed, (await desk.only_letter()).status) == (0, Status.REDRIVEN)


async def test_what_was_discarded_meanwhile_stays_discarded(desk: TestDesk) -> None:
    sent = await redriven(desk)
    [record] = await desk.redriven()
    await desk.keep(read_back(failed(read_back(record)), offset=1))
    await desk.desk.discard(sent.letter.id, DiscardRequest(operator="ada", reason="no need"))

    closed = await desk.resolving.resolve([resolved(sent)])

    assert (closed, (await desk.only_letter()).status) == (0, Status.DISCARDED)


async def test_ids_that_are_none_close_nothing(desk: TestDesk) -> None:
    event = resolved(await redriven(desk)).model_copy(update={"dead_letter_id": "x"})

    assert await desk.resolving.resolve([event]) == 0
