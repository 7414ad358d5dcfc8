# SPDX-License-Identifier: Apache-2.0
"""A session as lines of JSON."""

import json
from base64 import b64decode

import pytest

from services.persistence.exchange import check
from services.persistence.queries.export import ExportQueries, Taking
from shared.clock import SystemClock
from shared.events import HistoryExported, Topics
from shared.messaging import encode
from tests.support.announced import told
from tests.support.clock import FakeClock
from tests.support.conversations import conversation
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected


async def test_every_event_is_exported_with_the_bytes_that_came(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events, *conversation("session-2"))

    response = await history.client.get("/v1/sessions/session-1/export")

    assert response.headers["content-type"] == "application/x-ndjson"
    lines = response.content.splitlines(keepends=True)
    assert (check(lines).session_id, check(lines).events) == ("session-1", len(events))
    values = [b64decode(json.loads(line)["value"]) for line in lines[1:-1]]
    assert values == [encode(event, Topics()).value for event in events]


async def test_what_is_behind_a_gap_is_left_out(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:8], *events[10:])

    response = await history.client.get("/v1/sessions/session-1/export")

    assert check(response.content.splitlines()).events == 8


async def test_an_unknown_session_is_none(history: TestHistory) -> None:
    await history.get("/v1/sessions/nobody/export", 404)


TAKING = Taking(session_id="session-1", by="ann", reason="ticket 7")


async def test_it_is_told_who_took_a_session_out(history: TestHistory) -> None:
    """Safeguard: ``_tell`` in ``Export``; the digest is that of the last line, and not again."""
    await history.take(*conversation())

    signed = {"exported_by": "ann", "reason": "ticket 7"}
    response = await history.client.get("/v1/sessions/session-1/export", params=signed)

    [event] = await told(history, HistoryExported)
    assert (event.operator, event.reason) == ("ann", "ticket 7")
    assert (event.exported_session_id, event.events) == ("session-1", len(conversation()))
    assert event.complete
    assert event.digest == json.loads(response.content.splitlines()[-1])["digest"]


async def test_no_export_is_whole_before_it_was_told(history: TestHistory) -> None:
    """Safeguard: ``_tell`` comes before the end is given out; this process may die in between."""
    events = conversation()
    await history.take(*events)
    export = await ExportQueries(history.database, SystemClock()).export(TAKING)

    taken = [await anext(export.lines) for _ in range(len(events) + 1)]
    assert await told(history, HistoryExported) == []
    taken.append(await anext(export.lines))

    assert [each.complete for each in await told(history, HistoryExported)] == [True]
    assert check(taken).events == len(events)
    await export.close()
    assert await told(history, HistoryExported) == []


async def test_one_that_is_broken_off_is_not_told_as_whole(history: TestHistory) -> None:
    """Safeguard: ``complete=False`` in ``close``; of one that gave out no event, nothing is told.

    Who has read all but the end has it all.
    """
    await history.take(*conversation())
    queries = ExportQueries(history.database, SystemClock())
    unread, export = await queries.export(TAKING), await queries.export(TAKING)

    await anext(unread.lines)
    await unread.close()
    taken = [await anext(export.lines) for _ in range(4)]
    await export.close()

    [event] = await told(history, HistoryExported)
    assert (event.complete, event.events, event.operator) == (False, 3, "ann")
    assert event.digest == json.loads(taken[-1])["digest"]


async def test_no_guess_can_be_tested_by_the_digest_of_an_export(history: TestHistory) -> None:
    """Safeguard: ``salt``; what is told outlives the session, and all else in it stays known."""
    await history.take(*conversation())
    queries, digests = ExportQueries(history.database, FakeClock()), set[str]()
    for _ in range(2):
        export = await queries.export(TAKING)
        digests.add(json.loads([line async for line in export.lines][-1])["digest"])

    assert len(digests) == 2
