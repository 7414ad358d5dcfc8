# SPDX-License-Identifier: Apache-2.0
"""Many sessions at once on two replicas of the orchestrator, seen from outside: by HTTP and Kafka.

``make load-test SESSIONS=500`` has as many as a person asks for, ``make test`` a few.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.events import Event, LLMRequestStartedEvent, Topics
from shared.ids import new_id
from shared.messaging import decode
from shared.settings import KafkaSettings
from tests.support.chaos.fleet import Fleet, FleetOptions, running_fleet
from tests.support.eventually import eventually
from tests.support.topic_reader import received, records_of

pytestmark = [
    pytest.mark.connected,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.asyncio(loop_scope="module"),
]

MESSAGES = 3
PATIENCE = 900

Histories = Mapping[str, Sequence[Event]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(
    tmp_path_factory: pytest.TempPathFactory, kafka: KafkaSettings | None
) -> AsyncGenerator[Fleet]:
    """Give two replicas and nothing else."""
    directory = tmp_path_factory.mktemp("crowd")
    options = FleetOptions(directory=directory, replicas={"orchestrator": 2}, kafka=kafka)
    async with running_fleet(options) as fleet:
        yield fleet


async def test_all_finish_one_turn_at_a_time_and_in_order(fleet: Fleet, sessions: int) -> None:
    """Every message of a session is sent at once, each to another replica than the one before.

    Safeguards: of a session only the first unfinished turn can be claimed (``claim_turns``), its
    events are numbered while it is locked, and the outbox is relayed in order per session.
    """
    urls = [each.url for each in fleet.of("orchestrator")]
    tls = ssl.create_default_context()
    talks = await asyncio.gather(*(talk(urls, number, tls) for number in range(sessions)))

    for turns in talks:
        assert [each["state"] for each in turns] == ["completed"] * MESSAGES
    last = {turns[0]["session_id"]: await last_sequence(urls[0], turns) for turns in talks}
    histories = await eventually(lambda: all_of(fleet.kafka, last), timeout=PATIENCE)
    for session_id, events in histories.items():
        assert sorted(each.sequence for each in events) == list(range(1, last[session_id] + 1))
        assert turns_that_overlap(events) == []


async def talk(urls: Sequence[str], number: int, tls: ssl.SSLContext) -> list[dict[str, Any]]:
    """Create a session, send it messages at once over all replicas, and return their turns.

    Each has a client of its own: httpx closes idle connections of a pool that many share although
    a request already waits for them.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE, verify=tls) as http:
        created = await post(http, f"{urls[number % len(urls)]}/v1/sessions", {"agent": "coder"})
        session_id = created["id"]
        return await asyncio.gather(
            *(
                say(http, urls[each % len(urls)], session_id, f"Calculate {number} * {each}")
                for each in range(MESSAGES)
            )
        )


async def say(http: httpx.AsyncClient, url: str, session_id: str, text: str) -> dict[str, Any]:
    turn = await post(http, f"{url}/v1/sessions/{session_id}/messages", {"content": text})
    path = f"{url}/v1/sessions/{session_id}/turns/{turn['id']}"
    while turn["state"] in {"queued", "running"}:
        response = await http.get(path, params={"wait": 20})
        if not await is_busy(response):
            turn = response.json()
    return turn


async def post(http: httpx.AsyncClient, url: str, body: Mapping[str, str]) -> dict[str, Any]:
    """Post until it is taken; the key makes it one and the same request."""
    key = {"Idempotency-Key": str(new_id())}
    response = await http.post(url, json=body, headers=key)
    while await is_busy(response):
        response = await http.post(url, json=body, headers=key)
    assert response.is_success, response.text
    found: dict[str, Any] = response.json()
    return found


async def is_busy(response: httpx.Response) -> bool:
    """Tell whether a replica has too much to do, after the pause that it asks for."""
    if response.status_code != 503:
        return False
    await asyncio.sleep(float(response.headers["Retry-After"]))
    return True


async def last_sequence(url: str, turns: Sequence[Mapping[str, Any]]) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        session = (await http.get(f"{url}/v1/sessions/{turns[0]['session_id']}")).json()
    sequence: int = session["last_sequence"]
    return sequence


async def all_of(kafka: KafkaSettings, last: Mapping[str, int]) -> Histories | None:
    """Return the events on Kafka by session when all are there; each topic has them in order."""
    histories: dict[str, list[Event]] = defaultdict(list)
    topics = Topics(kafka.topic_prefix)
    for topic in (topics.domain, topics.infrastructure):
        of_topic: dict[str, list[Event]] = defaultdict(list)
        for record in await records_of(kafka, topic):
            event = decode(received(record))
            if event.session_id and event.session_id in last:
                of_topic[event.session_id].append(event)
        for session_id, events in of_topic.items():
            assert all(one.sequence < other.sequence for one, other in pairwise(events))
            histories[session_id] += events
    there = all(len(histories[session_id]) >= last[session_id] for session_id in last)
    return histories if there else None


def turns_that_overlap(events: Sequence[Event]) -> list[str]:
    """Return the turns that called the model again after another turn had done so."""
    calls = sorted(
        (each for each in events if isinstance(each, LLMRequestStartedEvent)),
        key=lambda each: each.sequence,
    )
    changes = [
        other.correlation_id
        for one, other in pairwise(calls)
        if one.correlation_id != other.correlation_id
    ]
    begun = {calls[0].correlation_id}
    again: list[str] = []
    for each in changes:
        if each in begun:
            again.append(each)
        begun.add(each)
    return again
