# SPDX-License-Identifier: Apache-2.0
"""Replay verification: what is recorded against what the events add up to."""

import pytest

from deploy.embedded.sql import connected
from services.persistence.snapshot import EVERY
from services.persistence.store.snapshots import Snapshots
from shared.events import TaskCompleted, ToolExecutedEvent
from tests.support.conversations import conversation, place_of
from tests.support.databases import MigratedDatabase
from tests.support.event_streams import long_history
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected

PATH = "/v1/sessions/session-1/verification"


async def tamper(database: MigratedDatabase, statement: str) -> None:
    """Change something behind the back of the service, as the owner of the database can."""
    async with connected(database.admin_url) as connection:
        await connection.execute(statement)


async def test_what_is_recorded_is_what_the_events_add_up_to(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)

    found = await history.get(PATH)

    assert found["verified"] is True
    assert (found["sequence"], found["divergences"], found["first"]) == (len(events), 0, None)


async def test_a_tampered_row_is_named_with_the_event_that_says_otherwise(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: every column of every read model is compared."""
    events = conversation()
    await history.take(*events)
    await tamper(
        migrated_database,
        "UPDATE persistence.turns SET result = 'nothing happened' WHERE turn_id = 'turn-1'",
    )
    await tamper(migrated_database, "UPDATE persistence.sessions SET cost_usd = cost_usd + 1")

    found = await history.get(PATH)

    assert (found["verified"], found["divergences"]) == (False, 2)
    [first] = [each for each in found["items"] if each["read_model"] == "turns"]
    assert first == {
        "sequence": place_of(events, TaskCompleted),
        "read_model": "turns",
        "key": ["session-1", "turn-1"],
        "field": "result",
        "recorded": "nothing happened",
        "folded": "tidied up",
    }
    assert found["first"]["sequence"] == min(each["sequence"] for each in found["items"])


async def test_a_row_that_was_removed_and_one_that_was_added_are_named(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    events = conversation()
    await history.take(*events)
    await tamper(migrated_database, "DELETE FROM persistence.tool_calls WHERE call_id = 'call-1'")
    await tamper(
        migrated_database,
        "INSERT INTO persistence.messages SELECT session_id, 9999, 'x', turn_id, role, agent,"
        " 'never said', created_at FROM persistence.messages WHERE sequence = 3",
    )

    found = (await history.get(PATH))["items"]

    added, removed = found
    assert (added["read_model"], added["sequence"], added["field"]) == ("messages", 0, "*")
    assert added["recorded"]["content"] == "never said"
    assert (removed["read_model"], removed["recorded"]) == ("tool_calls", None)
    assert 0 < removed["sequence"] < place_of(events, ToolExecutedEvent)


async def test_bytes_that_were_altered_are_named(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: the digest of what came is kept apart from the bytes."""
    await history.take(*conversation())
    await tamper(
        migrated_database,
        "UPDATE persistence.records SET value = convert_to(replace(convert_from(value, 'UTF8'),"
        " 'tidied up', 'messed up'), 'UTF8') WHERE aggregate_id = 'session-1'"
        " AND position('tidied up' in convert_from(value, 'UTF8')) > 0",
    )

    found = await history.get(PATH)

    assert found["verified"] is False
    assert [each["sequence"] for each in found["altered"]] == [
        event.sequence for event in conversation() if "tidied up" in str(event.payload())
    ]


@pytest.mark.parametrize(
    "change",
    ["correlation_id = 'another'", "type = 'unheard of'", "occurred_at = '2020-01-01'"],
)
async def test_columns_that_were_altered_are_named(
    history: TestHistory, migrated_database: MigratedDatabase, change: str
) -> None:
    """Safeguard: a verification compares what the columns say with what the headers say."""
    await history.take(*conversation())
    await tamper(
        migrated_database,
        f"UPDATE persistence.events SET {change}"  # noqa: S608 -- one of these
        " WHERE aggregate_id = 'session-1' AND sequence = 3",
    )

    found = await history.get(PATH)

    assert found["verified"] is False
    assert [each["sequence"] for each in found["altered"]] == [3]


async def with_snapshots(history: TestHistory, length: int) -> None:
    await history.take(*long_history("session-1", length))
    while await Snapshots(history.database).advance():
        pass


async def test_each_snapshot_is_what_the_events_up_to_it_add_up_to(history: TestHistory) -> None:
    await with_snapshots(history, 5 * EVERY + 3)

    found = await history.get(PATH)

    assert (found["verified"], found["snapshots"]) == (True, 5)
    assert found["snapshot_divergences"] == []


async def test_a_snapshot_that_was_tampered_with_is_named_with_the_field(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """All are held against the fold from the first event, and not against each other."""
    await with_snapshots(history, 5 * EVERY)
    await tamper(
        migrated_database,
        "UPDATE persistence.snapshots SET state = convert_to(regexp_replace(convert_from(state,"
        " 'UTF8'), '\"errors\":\\d+', '\"errors\":77'), 'UTF8') WHERE sequence = 64",
    )
    await tamper(
        migrated_database,
        "UPDATE persistence.snapshots SET latest_at = latest_at + interval '1 s'"
        " WHERE sequence = 96",
    )
    await tamper(
        migrated_database, "UPDATE persistence.snapshots SET state = '[' WHERE sequence = 128"
    )

    found = await history.get(PATH)

    assert (found["verified"], found["snapshots"], found["divergences"]) == (False, 5, 0)
    first, moved, unreadable = found["snapshot_divergences"]
    assert (first["snapshot"], first["read_model"], first["field"]) == (64, "sessions", "errors")
    assert (first["recorded"], first["key"]) == (77, ["session-1"])
    assert first["folded"] != 77
    assert (moved["snapshot"], moved["read_model"], moved["field"]) == (96, "", "latest_at")
    assert (unreadable["snapshot"], unreadable["field"]) == (128, "*")


async def test_all_sessions_are_verified_in_pages(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: rows of a session without any event are looked at, too."""
    for number in range(1, 4):
        await history.take(*conversation(f"session-{number}"))
    await tamper(migrated_database, "UPDATE persistence.sessions SET title = 'x'")
    await tamper(
        migrated_database,
        "UPDATE persistence.sessions SET session_id = 'session-0' WHERE session_id = 'session-2'",
    )

    first = await history.get("/v1/verifications", limit=3)
    rest = await history.get("/v1/verifications", limit=3, cursor=first["next"])

    found = [*first["items"], *rest["items"]]
    assert [each["session_id"] for each in found] == [f"session-{n}" for n in range(4)]
    assert [each["sequence"] for each in found] == [0, *[len(conversation())] * 3]
    assert not any(each["verified"] for each in found)
    assert rest["next"] is None


async def test_only_what_is_before_a_gap_is_compared(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:8], *events[10:])

    found = await history.get(PATH)

    assert (found["verified"], found["sequence"]) == (True, 8)
    assert found["gaps"] == [{"first": 9, "last": 10}]


async def test_an_unknown_session_is_none(history: TestHistory) -> None:
    await history.get("/v1/sessions/nobody/verification", 404)
