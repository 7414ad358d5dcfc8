# SPDX-License-Identifier: Apache-2.0
"""Letters of a session that is erased say nothing any more, before and after the order."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from deploy.embedded.sql import connected
from services.dead_letters.letters.identity import content_digest
from services.dead_letters.letters.lifecycle import ERASED, Status
from services.dead_letters.store.answers import Refusal
from services.dead_letters.store.erasing import erase_arrivals
from services.dead_letters.store.received import receive
from services.dead_letters.tables import letters
from services.dead_letters.views import DiscardRequest, EditRequest, RedriveRequest
from shared.errors import PermanentError
from shared.events import SessionErased, Topics
from shared.messaging import OutgoingRecord, encode
from tests.support.databases import MigratedDatabase
from tests.support.dead_letter_records import EVENT_HEADERS, failed, read_back, source_record
from tests.support.desk import TestDesk
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.secrets import SECRET, tables_with

pytestmark = pytest.mark.connected

BODY = f'{{"session_id":"s-1","message_content":"{SECRET}"}}'.encode()
WISH = RedriveRequest(operator="ann", reason="mended")


def letter(*, offset: int = 17, value: bytes = BODY) -> OutgoingRecord:
    """Return a letter of the session s-1 that has the secret wherever one can be."""
    record = source_record(offset=offset, value=value)
    record = replace(record, headers=(*EVENT_HEADERS, ("x-custom", SECRET.encode())))
    return failed(record, PermanentError(f"cannot read {SECRET}"))


async def test_nothing_is_left_of_what_letters_said_and_they_can_only_be_discarded(
    desk: TestDesk, migrated_database: MigratedDatabase
) -> None:
    """Safeguards: ``Erasing.erase``, and ``erased`` in ``why_not_redrive``/``why_not_edit``."""
    await desk.keep(letter())
    sent = await desk.desk.redrive((await desk.only_letter()).id, WISH, key="k")
    [redriven] = await desk.redriven()
    await desk.keep(failed(read_back(redriven, offset=1), PermanentError(f"still {SECRET}")))
    assert await tables_with(migrated_database.admin_url, SECRET)

    for _ in range(2):
        await desk.erasing.erase(["s-1"])

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    found = await desk.only_letter()
    assert (found.status, found.why_not) == (Status.OPEN, ERASED)
    assert (found.event_id, found.sequence) == ("01890a5d-ac96-774b-bcce-b302099a8057", 5)
    assert found.erased_at is not None
    assert (
        await digests(desk)
        & {content_digest(read_back(letter())), receive(read_back(letter())).identity}
        == set()
    )
    redrive = await desk.desk.redrive(found.id, WISH)
    edit = await desk.desk.edit(
        found.id, EditRequest(operator="ann", reason="mended", payload={"x": 1})
    )
    assert [each.detail for each in (redrive, edit) if isinstance(each, Refusal)] == [ERASED] * 2
    given_up = await desk.desk.discard(found.id, DiscardRequest(operator="ann", reason="erased"))
    assert not isinstance(given_up, Refusal), sent


async def digests(desk: TestDesk) -> set[bytes]:
    """Return the digests of letters, none of which may be of what a letter said."""
    async with desk.database.connect() as connection:
        rows = (await connection.execute(select(letters.c.identity, letters.c.content))).all()
    return {digest for row in rows for digest in row}


async def test_letters_that_come_after_the_order_are_kept_without_what_they_said(
    desk: TestDesk, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: ``erase_arrivals``; also what holds no event is known by its key."""
    await desk.erasing.erase(["s-1"])
    unreadable = replace(letter(offset=18, value=SECRET.encode()), headers=())

    await desk.keep(letter(), unreadable)

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert content_digest(read_back(letter())) not in await digests(desk)
    assert [each.erased_at is not None for each in await desk.letters()] == [True, True]


async def test_letters_are_of_a_session_by_their_event_and_by_their_key(
    desk: TestDesk, migrated_database: MigratedDatabase
) -> None:
    """Safeguards: each condition of ``_of``, and that what waits to be sent names its letter."""
    record = read_back(letter(offset=18))
    unreadable = replace(letter(offset=19, value=SECRET.encode()), headers=())
    await desk.keep(letter(), replace(unreadable, key=b"s-1"), replace(record, key=b"elsewhere"))
    for each in await desk.letters():
        await desk.desk.redrive(each.id, WISH)
    assert len(await desk.redriven()) > 1

    await desk.erasing.erase(["s-1"])

    assert await tables_with(migrated_database.admin_url, SECRET) == []


async def test_nothing_slips_through_that_is_taken_in_at_the_same_time(
    desk: TestDesk, migrated_database: MigratedDatabase
) -> None:
    """Safeguards: the lock of ``erase``, and the shared one of ``erase_arrivals``.

    What is taken in has looked whether its session was erased, and is not written down yet.
    """
    received = [receive(read_back(letter()))]
    async with desk.database.begin() as connection:
        assert await erase_arrivals(connection, received) == received
        erasing = asyncio.create_task(desk.erasing.erase(["s-1"]))
        await eventually(lambda: somebody_waits(migrated_database))
        assert not erasing.done()

    await erasing


async def somebody_waits(database: MigratedDatabase) -> bool:
    query = (
        "SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted)"
    )
    async with connected(database.admin_url) as connection:
        found: bool = await connection.fetchval(query)
        return found


async def test_the_order_itself_can_be_redriven_to_whoever_failed_at_it(desk: TestDesk) -> None:
    """Safeguard: ``ORDERS``; otherwise that service would never erase."""
    order = encode(an_event(SessionErased, session_id="s-1", sequence=9, erased_by="ann"), Topics())
    record = source_record(offset=19, value=order.value, headers=order.headers)
    await desk.keep(failed(record))

    await desk.erasing.erase(["s-1"])
    await desk.keep(failed(replace(record, offset=20)))

    assert [(each.erased_at, each.can_redrive) for each in await desk.letters()] == [
        (None, True)
    ] * 2


async def test_letters_of_other_sessions_stay_as_they_are(desk: TestDesk) -> None:
    await desk.keep(letter())

    await desk.erasing.erase(["s-2"])

    found = await desk.only_letter()
    assert found.erased_at is None
    assert found.body is not None
    assert SECRET in (found.body.text or "")
    assert found.can_redrive
