# SPDX-License-Identifier: Apache-2.0
"""The one narrow way to change what is stored: blanking fields of one session, on the record."""

import json
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any

import pytest

from deploy.embedded.sql import SqlConnection, connected
from shared.events import MessageReceived
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected

ERASE = "SELECT persistence.erase_session($1, $2, 'ann', 'asked to')"
FIELDS = ["message_content", "arguments"]


@pytest.fixture
async def service(
    history: TestHistory, migrated_database: MigratedDatabase
) -> AsyncGenerator[SqlConnection]:
    await history.take(*conversation("session-1"), *conversation("session-2"))
    async with connected(migrated_database.url("persistence")) as connection:
        yield connection


def of(rows: list[dict[str, Any]], session_id: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["aggregate_id"] == session_id]


async def test_only_the_fields_of_one_session_are_blanked(
    history: TestHistory, service: SqlConnection
) -> None:
    before = await history.rows("records")
    events = await history.rows("events")

    changed = await service.fetchval(ERASE, "session-1", FIELDS)

    after = await history.rows("records")
    assert of(after, "session-2") == of(before, "session-2")
    blanked = [row for row in after if row["erased_at"]]
    assert 0 < changed == len(blanked) < len(of(after, "session-1"))
    for row in of(after, "session-1"):
        found = json.loads(row["value"])
        assert found.get("message_content", "[erased]") == "[erased]"
        assert found.get("arguments", {}) == {}
    assert await history.rows("events") == events


async def test_what_came_stays_provable(history: TestHistory, service: SqlConnection) -> None:
    said = {row["sequence"]: row["value"] for row in of(await history.rows("records"), "session-1")}

    await service.fetchval(ERASE, "session-1", FIELDS)

    for row in of(await history.rows("events"), "session-1"):
        assert row["digest"] == sha256(said[row["sequence"]]).digest()


async def test_what_is_left_can_still_be_read(history: TestHistory, service: SqlConnection) -> None:
    await service.fetchval(ERASE, "session-1", FIELDS)

    page = await history.get("/v1/sessions/session-1/events")

    assert [item["problem"] for item in page["items"]] == [None] * len(conversation())
    texts = [item["data"].get("message_content") for item in page["items"]]
    assert set(texts) == {None, "[erased]"}


async def test_it_is_on_the_record(history: TestHistory, service: SqlConnection) -> None:
    changed = await service.fetchval(ERASE, "session-1", FIELDS)

    [noted] = await history.rows("erasures")
    assert (noted["aggregate_id"], noted["erased_by"]) == ("session-1", "ann")
    assert (noted["records"], noted["through_sequence"]) == (changed, len(conversation()))


async def test_what_follows_from_the_text_goes_with_it(
    history: TestHistory, service: SqlConnection
) -> None:
    await service.fetchval(ERASE, "session-1", FIELDS)

    for name, rows in (await history.read_models()).items():
        assert {row["session_id"] for row in rows} == {"session-2"}, name


async def test_an_unknown_session_is_none(history: TestHistory, service: SqlConnection) -> None:
    assert await service.fetchval(ERASE, "session-9", FIELDS) == 0
    assert await history.rows("erasures") == []


@pytest.mark.parametrize("value", [b"{", b"\xff", b'{"message_content":"a\\u0000b"}', b"[1]", b"7"])
async def test_nothing_is_kept_of_what_cannot_be_looked_into(
    service: SqlConnection, value: bytes
) -> None:
    blanked = "SELECT persistence.blanked($1, $2)"
    assert await service.fetchval(blanked, value, FIELDS) == b"{}"


async def test_a_structured_cloudevent_is_looked_into(service: SqlConnection) -> None:
    envelope = {"specversion": "1.0", "id": "1", "data": {"message_content": "hello", "x": 1}}

    found = await service.fetchval(
        "SELECT persistence.blanked($1, $2)", json.dumps(envelope).encode(), FIELDS
    )

    assert json.loads(found) == {**envelope, "data": {"message_content": "[erased]", "x": 1}}


def test_the_fields_are_those_of_events() -> None:
    assert "message_content" in MessageReceived.model_fields
