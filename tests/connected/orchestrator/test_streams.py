# SPDX-License-Identifier: Apache-2.0
"""The events of a session over server-sent events: the same as on Kafka, each once, in order.

Safeguard of resumption: the sequence is the id, and the events are read from the outbox, which any
replica can (``store/events.py``).
"""

from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.event_stream import Item, rest, stream, take
from tests.support.eventually import eventually
from tests.support.orchestrator import RunningOrchestrator, served_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

READERS = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica(
    kafka: KafkaSettings,
    database: MigratedDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[RunningOrchestrator]:
    async with served_orchestrator(
        database.url("orchestrator"),
        kafka,
        tmp_path_factory.mktemp("workspaces"),
        max_streams=READERS,
    ) as running:
        yield running


async def conversation(replica: RunningOrchestrator) -> str:
    session_id = await replica.session(agent="universal")
    turn = await replica.say(session_id, "Write 'hello' to a.txt")
    assert turn["state"] == "completed"
    return session_id


def path_of(session_id: str) -> str:
    return f"/v1/sessions/{session_id}/events"


async def test_what_is_streamed_is_what_is_on_kafka(
    replica: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await conversation(replica)
    recorded = await recorded_events(database.admin_url, session_id=session_id)

    async with stream(replica.http, path_of(session_id)) as items:
        streamed = await take(items, len(recorded))

    assert [each.event for each in streamed] == recorded
    assert [each.id for each in streamed] == list(range(1, len(recorded) + 1))


async def test_events_arrive_as_they_happen(replica: RunningOrchestrator) -> None:
    session_id = await replica.session(agent="universal")
    async with stream(replica.http, path_of(session_id)) as items:
        known = await take(items, 3)
        await replica.say(session_id, "What is 2 + 3?", wait=0)

        while (each := await anext(items)).id is None or each.event.name() != "task_completed":
            known += [each] if each.id else []

    assert [each.id for each in known] == list(range(1, len(known) + 1))


async def test_a_dropped_stream_goes_on_after_the_last_event(
    replica: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await conversation(replica)
    recorded = await recorded_events(database.admin_url, session_id=session_id)
    seen: list[Item] = []

    for _ in range(3):
        last = {"Last-Event-ID": str(seen[-1].id)} if seen else {}
        async with stream(replica.http, path_of(session_id), headers=last) as items:
            seen += await take(items, 5)
    query = {"after": seen[-1].id}
    async with stream(replica.http, path_of(session_id), params=query) as items:
        seen += await take(items, len(recorded) - len(seen))

    assert [each.event for each in seen] == recorded


async def test_the_last_event_id_of_a_browser_goes_before_the_address(
    replica: RunningOrchestrator,
) -> None:
    session_id = await conversation(replica)

    async with stream(
        replica.http, path_of(session_id), params={"after": 1}, headers={"Last-Event-ID": "4"}
    ) as items:
        (first,) = await take(items, 1)

    assert first.id == 5


async def test_a_stream_ends_with_its_session_and_is_not_to_be_opened_again(
    replica: RunningOrchestrator,
) -> None:
    session_id = await conversation(replica)
    async with stream(replica.http, path_of(session_id)) as items:
        await replica.http.post(f"/v1/sessions/{session_id}/complete", json={"by": "ann"})
        *events, end = [each for each in await rest(items) if each.name != "text"]

    again = await replica.http.get(
        path_of(session_id), headers={"Last-Event-ID": str(events[-1].id)}
    )

    assert (end.name, end.json["state"]) == ("end", "completed")
    assert again.status_code == 204


async def test_events_that_are_kept_no_more_are_gone_and_not_left_out_in_silence(
    replica: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await conversation(replica)
    await forget(database, session_id, first=4)

    gone = await replica.http.get(path_of(session_id), params={"after": 1})
    async with stream(replica.http, path_of(session_id), params={"after": 4}) as items:
        (kept,) = await take(items, 1)
    async with stream(replica.http, path_of(session_id)) as items:
        await anext(items)
        reset = await anext(items)

    assert (gone.status_code, gone.json()["first_sequence"]) == (410, 5)
    assert gone.headers["content-type"] == "application/problem+json"
    assert kept.id == 5
    assert (reset.name, reset.json) == ("reset", {"first_sequence": 5})


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ({"after": 9999}, {}, 422),
        ({"after": -1}, {}, 422),
        ({}, {"Last-Event-ID": "x"}, 422),
        ({}, {"Last-Event-ID": "9" * 30}, 422),
    ],
)
async def test_a_place_that_is_none_is_refused(
    replica: RunningOrchestrator, query: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    session_id = await replica.session()

    response = await replica.http.get(path_of(session_id), params=query, headers=headers)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_there_is_no_stream_of_an_unknown_session(replica: RunningOrchestrator) -> None:
    assert (await replica.http.get(path_of("unknown"))).status_code == 404


async def test_more_readers_than_may_be_are_sent_away_until_one_leaves(
    replica: RunningOrchestrator,
) -> None:
    """Safeguard: the feed counts its readers, and every stream lets go of its place at its end."""
    session_id = await replica.session()
    async with (
        stream(replica.http, path_of(session_id)) as one,
        stream(replica.http, path_of(session_id)) as two,
        stream(replica.http, path_of(session_id)) as three,
    ):
        for items in (one, two, three):
            await take(items, 1)
        refused = await replica.http.get(path_of(session_id))

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    for _ in range(READERS * 2):
        await eventually(lambda: can_read(replica, session_id))


async def can_read(replica: RunningOrchestrator, session_id: str) -> bool:
    async with replica.http.stream("GET", path_of(session_id)) as response:
        return response.status_code == 200


async def test_the_answer_to_a_message_is_streamed_with_the_events_of_its_turn(
    replica: RunningOrchestrator,
) -> None:
    session_id = await replica.session(agent="universal")

    async with stream(
        replica.http,
        f"/v1/sessions/{session_id}/messages",
        method="POST",
        json={"content": "What is 20 + 22?"},
    ) as items:
        *got, end = await rest(items)

    reply = end.json["reply"]
    texts = [each.json for each in got if each.name == "text"]
    last = max(each["step"] for each in texts)
    assert (end.name, end.json["state"]) == ("end", "completed")
    assert "".join(each["text"] for each in texts if each["step"] == last) == reply
    names = [each.event.name() for each in got if each.id]
    assert names[0] == "message_received"
    assert names[-1] == "task_completed"


async def test_a_message_that_is_sent_again_with_its_key_streams_the_same_turn(
    replica: RunningOrchestrator,
) -> None:
    session_id = await replica.session(agent="universal")
    request: dict[str, Any] = {
        "json": {"content": "What is 1 + 1?"},
        "headers": {"Idempotency-Key": "k"},
    }
    path = f"/v1/sessions/{session_id}/messages"

    async with stream(replica.http, path, method="POST", **request) as items:
        first = [each for each in await rest(items) if each.name != "text"]
    await replica.say(session_id, "What is 2 + 2?")
    async with stream(replica.http, path, method="POST", **request) as items:
        second = [each for each in await rest(items) if each.name != "text"]

    assert second == first


async def test_a_message_that_is_refused_is_a_problem_and_no_stream(
    replica: RunningOrchestrator,
) -> None:
    response = await replica.http.post(
        "/v1/sessions/unknown/messages",
        json={"content": "x"},
        headers={"accept": "text/event-stream"},
    )

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def forget(database: MigratedDatabase, session_id: str, *, first: int) -> None:
    driver: Any = asyncpg
    connection = await driver.connect(database.admin_url)
    try:
        await connection.execute(
            "DELETE FROM orchestrator.outbox WHERE position IN (SELECT position FROM"
            " orchestrator.outbox WHERE key = $1 ORDER BY position LIMIT $2)",
            session_id.encode(),
            first,
        )
    finally:
        await connection.close()
