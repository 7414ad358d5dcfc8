# SPDX-License-Identifier: Apache-2.0
"""Erasing what a session says: the one narrow way to change what is stored, on the record."""

import json
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from deploy.embedded.sql import SqlConnection, connected
from services.persistence.store.rebuilding import Rebuilding
from shared.events import (
    DomainEvent,
    Event,
    MessageReceived,
    SessionErased,
    Topics,
)
from shared.events.content import KEPT, without_content
from shared.messaging import Delivery, decode, encode
from shared.messaging.erasing import erased
from shared.messaging.headers import KEPT_HEADERS
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.erasures import blank, order, secretive
from tests.support.event_streams import delivered
from tests.support.factories import an_event
from tests.support.history import TestHistory, folded
from tests.support.secrets import SECRET, tables_with

pytestmark = pytest.mark.connected

ERASE = "SELECT persistence.erase_session($1, $2, $3, 'ann', 'asked to')"
NAMES = sorted(KEPT)
HEADERS = sorted(KEPT_HEADERS)
SAID = conversation("session-1")
OTHER = conversation("session-2")


@pytest.fixture
async def service(
    history: TestHistory, migrated_database: MigratedDatabase
) -> AsyncGenerator[SqlConnection]:
    await history.take(*SAID, *OTHER)
    async with connected(migrated_database.url("persistence")) as connection:
        yield connection


def of(rows: list[dict[str, Any]], session_id: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["aggregate_id"] == session_id]


async def test_the_database_erases_all_but_names_that_are_kept_and_no_other_session(
    history: TestHistory, service: SqlConnection
) -> None:
    before = await history.rows("records")
    events = await history.rows("events")

    changed = await service.fetchval(ERASE, "session-1", NAMES, HEADERS)

    after = await history.rows("records")
    assert of(after, "session-2") == of(before, "session-2")
    blanked = [row for row in after if row["erased_at"]]
    assert 0 < changed == len(blanked) < len(of(after, "session-1"))
    for old, new in zip(of(before, "session-1"), of(after, "session-1"), strict=True):
        assert json.loads(new["value"]) == json.loads(without_content(old["value"]))
    left = {row["sequence"] for row in blanked}
    for old, new in zip(events, await history.rows("events"), strict=True):
        changed_row = new["aggregate_id"] == "session-1" and new["sequence"] in left
        assert (old["digest"] != new["digest"]) == changed_row, "no guess can be tested any more"
        assert {**old, "digest": b""} == {**new, "digest": b""}


async def test_there_is_no_other_way_to_change_what_is_stored(service: SqlConnection) -> None:
    """Safeguard: the role has no right to update; the function is of the owner."""
    for statement in (
        "UPDATE persistence.records SET value = '{}'",
        "UPDATE persistence.erasures SET reason = ''",
        "INSERT INTO persistence.erasures SELECT",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(statement)


async def test_an_order_leaves_nothing_that_was_said_and_the_read_models_of_what_is_left(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguards: ``Erasing.erase`` and its ``_fold``, in the transaction of the order."""
    said, erasing = secretive(SAID), order(SAID)
    await history.take(*said, *OTHER)
    assert await tables_with(migrated_database.admin_url, SECRET)

    await history.take(*erasing)

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert await history.read_models() == folded([*blank(said), *erasing, *OTHER])
    [noted] = await history.rows("erasures")
    assert (noted["erased_by"], noted["reason"]) == ("ann", "ticket 7")


async def test_an_erased_session_says_so_and_can_be_exported_and_verified(
    history: TestHistory,
) -> None:
    await history.take(*SAID, *OTHER, *order(SAID))

    timeline = await history.get("/v1/sessions/session-1/timeline")
    state = await history.get("/v1/sessions/session-1/state", at=len(SAID))
    export = (await history.client.get("/v1/sessions/session-1/export")).text.splitlines()
    verification = await history.get("/v1/sessions/session-1/verification")

    assert timeline["items"][-2]["text"] == "erased by ann: ticket 7"
    assert timeline["erased_at"] == state["erased_at"]
    assert json.loads(export[0])["erased_at"][:19] == state["erased_at"][:19]
    assert {each["content"] for each in state["messages"]} == {"[erased]"}
    assert (await history.get("/v1/sessions/session-1"))["state"] == "erased"
    assert len(export) == len(SAID) + 4
    assert verification["items"] == []
    assert (await history.get("/v1/sessions/session-2/timeline"))["erased_at"] is None


async def test_what_comes_after_the_order_is_never_written_down(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """The order does not wait for what is missing before it, and a topic may be read anew.

    Safeguards: ``streams.erased``, by which ``EventWriter`` blanks what arrives; and
    ``_says_the_same``, without which a replay contradicts what is stored.
    """
    said, erasing = secretive(SAID), order(SAID)
    late, early = said[3:6], [*said[:3], *said[6:]]
    await history.take(*early, *erasing)

    await history.take(*late)
    replayed = await history.take(*said, *erasing)

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    digests = {row["digest"] for row in await history.rows("events")}
    values = [each.record.value or b"" for each in delivered(said)]
    telling = {sha256(each).digest() for each in values if without_content(each) != each}
    assert not digests & telling
    assert replayed == len(said) + 2
    assert await history.read_models() == folded([*blank(said), *erasing])
    verification = await history.get("/v1/sessions/session-1/verification")
    assert verification["items"] == []


async def test_records_that_were_erased_before_they_came_again_contradict_nothing(
    history: TestHistory,
) -> None:
    """An outbox is published again to a new broker after an order, without content.

    Safeguard: ``came_erased`` in ``_says_the_same``.
    """
    await history.take(*SAID)
    again = [_as_published_again(each) for each in SAID]

    assert await history.subscriber.apply(again) == len(SAID)
    assert {row["kind"] for row in await history.rows("anomalies")} == {"duplicate"}


def _as_published_again(event: Event) -> Delivery:
    [delivery] = delivered([event])
    record = delivery.record
    blank_record = erased(encode(event, Topics()))
    moved = type(record)(
        record.topic, 0, record.offset + 10_000, 0, record.key, blank_record.value,
        blank_record.headers,
    )  # fmt: skip
    return Delivery(moved, decode(moved))


async def test_a_rebuild_brings_nothing_back(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    await history.take(*secretive(SAID), *order(SAID))
    live = await history.read_models()

    await rebuilt(history)

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert await history.read_models() == live


async def rebuilt(history: TestHistory) -> None:
    rebuilding = Rebuilding(history.database)
    await rebuilding.begin()
    while await rebuilding.advance():
        pass


async def test_an_unknown_session_is_none(history: TestHistory, service: SqlConnection) -> None:
    assert await service.fetchval(ERASE, "session-9", NAMES, HEADERS) == 0
    assert await history.rows("erasures") == []


async def test_python_and_the_database_leave_the_same(service: SqlConnection) -> None:
    blanked = "SELECT persistence.without_content($1, $2)"
    for value in (b"{", b"\xff", b"[1]", b"7", b'{"x":"\\ud800"}'):
        assert await service.fetchval(blanked, value, NAMES) == b"{}", value
    for data in (
        {"message_content": "hello", "step": 1, "mood": 7, "face": {"nose": 1}, "seen": [True]},
        {"message_content": "a\0b\0\0", "tool": "c\\u0000d"},
        {"step": 1},
    ):
        for body in (data, {"specversion": "1.0", "id": "1", "data": data}):
            value = json.dumps(body).encode()
            found = await service.fetchval(blanked, value, NAMES)
            assert json.loads(found) == json.loads(without_content(value)), body


async def test_the_database_keeps_no_header_that_is_foreign(service: SqlConnection) -> None:
    known = "SELECT persistence.known_headers($1::json, $2)"
    for headers, left in (
        (
            '[["ce_id", "1"], ["x-summary", "hello"], ["blob", {"base64": "/w=="}]]',
            [["ce_id", "1"]],
        ),
        ('[["ce_id",  "1"]]', [["ce_id", "1"]]),
        ('[["x", "1"]]', []),
        ('[["x\\u0000", "1"]]', []),
    ):
        assert json.loads(await service.fetchval(known, headers, HEADERS)) == left


def test_the_order_is_an_event_of_the_business() -> None:
    """The domain topic is kept longest, so whoever reads it from the start comes to the order."""
    assert issubclass(SessionErased, DomainEvent)
    assert "message_content" in an_event(MessageReceived).payload()
