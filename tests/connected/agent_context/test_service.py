# SPDX-License-Identifier: Apache-2.0
"""The agent context service from topic to answer."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.agent_context.app import NAME, create_app
from services.agent_context.settings import AgentContextSettings
from services.agent_context.store import document_key
from shared.events import Event, EventLevel, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings, RedisSettings
from tests.support.event_streams import long_history
from tests.support.eventually import eventually
from tests.support.running_service import RunningService, running, send, send_records

pytestmark = pytest.mark.connected

SESSIONS = ("s0", "s1", "s2")


@pytest.fixture
async def settings(redis_url: str, kafka_settings: KafkaSettings) -> AgentContextSettings:
    await ensure_topics(kafka_settings)
    return AgentContextSettings(
        redis=RedisSettings(url=SecretStr(redis_url)), kafka=kafka_settings, window_tokens=100
    )


def events_of_sessions(length: int = 40) -> list[Event]:
    return [event for each in SESSIONS for event in long_history(each, length)]


async def context(service: RunningService, session_id: str, at_least: int) -> httpx.Response:
    path = f"/v1/sessions/{session_id}/context?wait=20&at_least={at_least}"

    async def answered() -> httpx.Response | None:
        response = await service.client.get(path)
        return None if response.status_code == 503 else response

    response: httpx.Response | None = await eventually(answered, timeout=30)
    assert response is not None
    assert response.status_code == 200, response.text
    return response


async def contexts(service: RunningService, at_least: int = 40) -> list[bytes]:
    return [(await context(service, each, at_least)).content for each in SESSIONS]


async def applied(service: RunningService, events: int) -> None:
    async def all_there() -> bool:
        response = await service.client.get("/v1/counts")
        return response.is_success and response.json()["events"] == events

    await eventually(all_there, timeout=30, message=f"{events} events were not applied")


async def test_a_reader_gets_a_recent_context_or_a_clear_not_yet(
    settings: AgentContextSettings,
) -> None:
    events = events_of_sessions()
    async with running(NAME, create_app, settings) as service:
        unknown = await service.client.get("/v1/sessions/nobody/context")
        expected = await service.client.get("/v1/sessions/s0/context?at_least=1")
        await send(settings.kafka, events)

        found = await context(service, "s1", 40)
        behind = await service.client.get("/v1/sessions/s1/context?at_least=41&wait=0.1")
        wrong = await service.client.get("/v1/sessions/s1/context?at_least=-1&wait=999")
        await applied(service, len(events))
        counts = await service.get("/v1/counts")

    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == "application/problem+json"
    assert expected.status_code == 409
    assert found.json()["sequence"] == 40
    assert found.headers["etag"] == '"40"'
    assert found.json()["totals"]["domain_events"] > 0
    assert (behind.status_code, behind.headers["retry-after"]) == (409, "1")
    assert behind.json()["sequence"] == 40
    assert wrong.status_code == 422
    assert counts == {
        "sessions": 3,
        "events": len(events),
        "pending": 0,
        "pending_sessions": 0,
    }


async def test_contexts_are_made_again_to_the_same_bytes_when_redis_was_wiped_or_a_person_asks(
    settings: AgentContextSettings, redis: Any
) -> None:
    """P13: the same bytes. Safeguard: they are made by the code that is live."""
    async with running(NAME, create_app, settings) as service:
        await send(settings.kafka, events_of_sessions())
        before = await contexts(service)

        await redis.flushdb()
        assert await contexts(service) == before

        await redis.unlink(document_key("s1"))
        wanted = {"operator": "ann", "reason": "a lost key"}
        response = await service.client.post("/v1/rebuild", json=wanted)
        assert response.json()["events"] >= 120
        assert await contexts(service) == before
        assert (await service.get("/v1/counts"))["events"] == 120


async def test_redis_wiped_under_traffic_comes_to_the_same_bytes(
    settings: AgentContextSettings, redis: Any
) -> None:
    events = events_of_sessions(200)
    async with running(NAME, create_app, settings) as service:
        for start in range(0, len(events), 50):
            await send(settings.kafka, events[start : start + 50])
            if start in (100, 350):
                await redis.flushdb()
        wiped = await contexts(service, 200)
        await applied(service, len(events))
    await redis.flushdb()
    async with running(NAME, create_app, settings) as service:
        assert await contexts(service, 200) == wiped


async def test_what_the_topics_have_forgotten_does_not_hold_up_a_session(
    settings: AgentContextSettings,
) -> None:
    events = long_history("old", 40)
    kept = [e for e in events if e.level is EventLevel.DOMAIN or e.sequence > 20]
    await send(settings.kafka, kept)

    async with running(NAME, create_app, settings) as service:
        found = (await context(service, "old", 40)).json()
        more = long_history("old", 44)[40:]
        await send(settings.kafka, more)
        later = (await context(service, "old", 44)).json()

    assert found["missing"] == later["missing"] == 40 - len(kept)


async def test_a_spoilt_key_makes_dead_letters_that_are_applied_when_they_are_redriven(
    settings: AgentContextSettings, redis: Any
) -> None:
    spoilt, healthy = long_history("spoilt", 3), long_history("healthy", 3)
    topics = Topics(settings.kafka.topic_prefix)
    async with running(NAME, create_app, settings) as service:
        await redis.set(document_key("spoilt"), "x")
        await send(settings.kafka, [*spoilt, *healthy])

        async def dead_letters() -> bool:
            page = (await service.client.get("/metrics")).text
            group = f"{settings.kafka.topic_prefix}.{NAME}"
            sample = f'agent_runtime_dlq_messages_total{{error_kind="fatal",group="{group}"}} 3.0'
            return sample in page

        await context(service, "healthy", 3)
        await eventually(dead_letters, timeout=30, message="no dead letters")
        await redis.unlink(document_key("spoilt"))
        await send_records(settings.kafka, [to(topics.retry(NAME), each) for each in spoilt])

        assert (await context(service, "spoilt", 3)).json()["sequence"] == 3


def to(topic: str, event: Event) -> OutgoingRecord:
    return replace(encode(event, Topics()), topic=topic)
