# SPDX-License-Identifier: Apache-2.0
"""A session as lines of JSON."""

import json
from base64 import b64decode

import pytest

from services.persistence.exchange import check
from shared.events import Topics
from shared.messaging import encode
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
