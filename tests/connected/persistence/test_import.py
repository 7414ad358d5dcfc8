# SPDX-License-Identifier: Apache-2.0
"""A session of one installation in another: whole, once, and told from those that began there."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from services.persistence.store.announcements import Announcing
from services.persistence.store.snapshots import Snapshots
from shared.errors import DependencyDownError
from shared.events import Event, HistoryImported, SessionErased
from shared.ids import new_id
from shared.messaging.in_process import InProcessEventBus
from tests.support.conversations import conversation
from tests.support.databases import migrated_database_of
from tests.support.exports import event_lines, export_of
from tests.support.history import TestHistory, history_on
from tests.support.shared_servers import SharedServers

pytestmark = pytest.mark.connected

EVENTS = conversation()
EXPORT = export_of(EVENTS)
SESSION = "/v1/sessions/session-1"


@pytest.fixture
async def elsewhere(servers: SharedServers) -> AsyncGenerator[TestHistory]:
    """Another installation: the same service on a database of its own."""
    async with migrated_database_of(servers) as database, history_on(database) as history:
        yield history


async def post(history: TestHistory, export: bytes, **parameters: Any) -> httpx.Response:
    return await history.client.post("/v1/imports", content=export, params=parameters)


async def imported(history: TestHistory, export: bytes, **parameters: Any) -> dict[str, Any]:
    response = await post(history, export, **parameters)
    assert response.is_success, response.text
    found: dict[str, Any] = response.json()
    return found


async def exported(history: TestHistory) -> bytes:
    return (await history.client.get(f"{SESSION}/export")).content


async def views(history: TestHistory) -> list[Any]:
    """Return what is said of the session from all sides."""
    paths = ("timeline", "state", "state?at=20", "diff?from=5&to=30", "knowledge", "turns")
    found = [await history.get(f"{SESSION}/{path}") for path in paths]
    return [*found, await history.get("/v1/correlations/request-session-1")]


async def test_what_was_exported_and_imported_is_the_same_session(
    history: TestHistory, elsewhere: TestHistory
) -> None:
    """The other installation has another session at the same places of its own Kafka."""
    await history.take(*EVENTS)
    await elsewhere.take(*conversation("session-2"))

    result = await imported(elsewhere, await exported(history), imported_by="ann")

    assert (result["outcome"], result["added"]) == ("imported", len(EVENTS))
    assert event_lines(await exported(elsewhere)) == event_lines(await exported(history))
    theirs, ours = await history.read_models(), await elsewhere.read_models()
    for name, rows in theirs.items():
        assert [row for row in ours[name] if row["session_id"] == "session-1"] == rows
    while await Snapshots(elsewhere.database).advance():
        pass
    assert await views(elsewhere) == await views(history)
    assert (await elsewhere.get(f"{SESSION}/verification"))["verified"] is True


async def test_where_it_came_from_can_be_seen(history: TestHistory) -> None:
    result = await imported(history, EXPORT, imported_by="ann", reason="to look into it")

    [found] = (await history.get(SESSION))["imports"]
    assert (found["installation"], found["digest"]) == ("there", result["digest"])
    assert (found["imported_by"], found["reason"]) == ("ann", "to look into it")
    assert (found["first_sequence"], found["last_sequence"]) == (1, len(EVENTS))
    [first] = (await history.get(f"{SESSION}/events", limit=1))["items"]
    assert first["kafka"] is None
    assert first["imported_from"]["kafka"]["partition"] == 3


async def test_the_same_again_changes_nothing_and_says_so(history: TestHistory) -> None:
    await imported(history, EXPORT)
    before = await history.rows("records")

    response = await post(history, EXPORT)

    assert (response.status_code, response.json()["outcome"]) == (200, "unchanged")
    assert response.json()["added"] == 0
    assert await history.rows("records") == before
    assert len(await history.rows("imports")) == 1


async def test_a_session_of_this_installation_is_not_made_an_imported_one(
    history: TestHistory,
) -> None:
    await history.take(*EVENTS)

    assert (await imported(history, EXPORT))["outcome"] == "unchanged"
    assert (await history.get(SESSION))["imports"] == []


async def test_one_that_grew_meanwhile_is_gone_on_with(history: TestHistory) -> None:
    await imported(history, export_of(EVENTS[:20]))

    result = await imported(history, EXPORT)

    assert (result["outcome"], result["added"]) == ("extended", len(EVENTS) - 20)
    imports = (await history.get(SESSION))["imports"]
    assert [each["first_sequence"] for each in imports] == [1, 21]
    assert (await history.get(f"{SESSION}/verification"))["sequence"] == len(EVENTS)


def other_id(event: Event) -> Event:
    return event.model_copy(update={"event_id": new_id()})


def other_words(event: Event) -> Event:
    return event.model_copy(update={"source": "/elsewhere", "reason": "another"})


@pytest.mark.parametrize(("change", "field"), [(other_id, "event_id"), (other_words, "digest")])
async def test_another_session_by_the_same_id_is_refused_naming_the_first_difference(
    history: TestHistory, change: Any, field: str
) -> None:
    """Safeguard: every event is compared with what is here before anything is written."""
    switch = next(event for event in EVENTS if "reason" in type(event).model_fields)
    await history.take(*EVENTS[:15], *([] if switch.sequence <= 15 else [switch]))
    usurped = [change(each) if each is switch else each for each in EVENTS]
    before = await history.rows("events")

    response = await post(history, export_of(usurped))

    assert response.status_code == 409
    assert (response.json()["sequence"], response.json()["field"]) == (switch.sequence, field)
    assert f"event {switch.sequence}" in response.json()["detail"]
    assert await history.rows("events") == before


async def test_nothing_is_added_to_a_session_that_goes_on_here(history: TestHistory) -> None:
    """Safeguard: its next event will come from here, and would contradict the imported one."""
    await history.take(*EVENTS[:20])

    response = await post(history, EXPORT)

    assert (response.status_code, response.json()["sequence"]) == (409, 21)
    assert len(await history.places()) == 20


async def test_events_of_another_session_are_refused(history: TestHistory) -> None:
    thief = conversation("session-2")
    thief[4] = thief[4].model_copy(update={"event_id": EVENTS[4].event_id})
    await history.take(*thief)

    response = await post(history, EXPORT)

    assert (response.status_code, response.json()["sequence"]) == (409, 5)
    assert {session for session, _ in await history.places()} == {"session-2"}


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (EXPORT.replace(b'"sequence":9', b'"sequence":8'), 10),
        (b"\n".join(EXPORT.splitlines()[:-1]), len(EVENTS) + 2),
        (EXPORT[:-300], len(EVENTS) + 1),
        (b"", 1),
    ],
    ids=["tampered with", "without its end", "cut off", "empty"],
)
async def test_of_an_export_with_a_bad_line_nothing_is_written(
    history: TestHistory, broken: bytes, line: int
) -> None:
    response = await post(history, broken)

    assert (response.status_code, response.json()["line"]) == (422, line)
    assert await history.rows("streams") == []


async def test_a_dry_run_writes_nothing(history: TestHistory) -> None:
    response = await post(history, EXPORT, dry_run=True)

    assert (response.status_code, response.json()["outcome"]) == (200, "imported")
    assert response.json()["dry_run"] is True
    assert await history.rows("streams") == []


async def test_what_was_erased_there_is_erased_here(
    history: TestHistory, elsewhere: TestHistory
) -> None:
    """Safeguard: the digest of what came travels along; without it, the loss looks like fraud."""
    order = SessionErased(session_id="session-1", sequence=len(EVENTS) + 1, erased_by="ann")
    await history.take(*EVENTS)
    await history.take(order)

    await imported(elsewhere, await exported(history))

    for table, name in (("events", "digest"), ("records", "value"), ("records", "erased_at")):
        there = [row[name] for row in await history.rows(table)]
        assert [row[name] for row in await elsewhere.rows(table)] == there
    assert await elsewhere.read_models() == await history.read_models()
    assert (await elsewhere.get(f"{SESSION}/verification"))["verified"] is True


async def test_what_was_erased_here_is_not_brought_back(history: TestHistory) -> None:
    """An export from before has the same events; those here stay as they are."""
    order = SessionErased(session_id="session-1", sequence=len(EVENTS) + 1, erased_by="ann")
    await history.take(*EVENTS)
    await history.take(order)
    before = await history.rows("records")

    for dry_run in (True, False):
        assert (await imported(history, EXPORT, dry_run=dry_run))["outcome"] == "unchanged"
    assert await history.rows("records") == before


class DownBus(InProcessEventBus):
    async def publish(self, event: Event) -> None:
        raise DependencyDownError("Kafka", "it is down")


async def test_it_is_told_of_once_the_broker_is_there(history: TestHistory) -> None:
    """Safeguard: that it was told is noted after it was."""
    result = await imported(history, EXPORT, imported_by="ann")
    down = Announcing(history.database, DownBus(), aggregate_id="service:persistence/1")
    with pytest.raises(DependencyDownError):
        await down.advance()

    bus = InProcessEventBus()
    announcing = Announcing(history.database, bus, aggregate_id="service:persistence/1")
    with bus.capture_events() as events:
        assert await announcing.advance()
        assert not await announcing.advance()

    [event] = events
    assert isinstance(event, HistoryImported)
    assert (event.operator, event.digest) == ("ann", result["digest"])
    assert (event.imported_session_id, event.events) == ("session-1", len(EVENTS))
    [noted] = await history.rows("announcements")
    assert event.occurred_at == noted["occurred_at"] < noted["announced_at"], "when it was done"
