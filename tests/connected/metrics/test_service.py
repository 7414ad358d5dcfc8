# SPDX-License-Identifier: Apache-2.0
"""The metrics service from topic to answer."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from services.metrics.app import NAME, create_app
from services.metrics.batch import session_key
from services.metrics.session_lifecycle import COUNTED
from services.metrics.settings import MetricsSettings
from shared.events import Event, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings, RedisSettings
from tests.support.event_streams import long_history
from tests.support.eventually import eventually
from tests.support.running_service import RunningService, running, send, send_records

pytestmark = pytest.mark.connected


@pytest.fixture
async def settings(redis_url: str, kafka_settings: KafkaSettings) -> MetricsSettings:
    await ensure_topics(kafka_settings)
    return MetricsSettings(redis=RedisSettings(url=SecretStr(redis_url)), kafka=kafka_settings)


def session_events(count: int = 3, *, length: int = 50) -> list[Event]:
    return [event for each in range(count) for event in long_history(f"s{each}", length)]


async def counted(service: RunningService, events: int) -> None:
    """Return when both levels were counted, and what happened to sessions beside it."""

    async def all_there() -> bool:
        counts = await service.client.get("/v1/counts")
        summary = await service.client.get("/v1/metrics/summary")
        if not (counts.is_success and summary.is_success):
            return False
        by_type = counts.json()["events"]["by_type"]
        domain = sum(by_type["domain"].get(kind.name(), 0) for kind in COUNTED)
        return of_sessions(by_type) == events and what_happened(summary.json()) == domain

    await eventually(all_there, timeout=30, message=f"{events} events were not counted")


def of_sessions(by_type: dict[str, dict[str, int]]) -> int:
    """Return how many events there were beside what services tell of themselves."""
    own = ("system_startup", "system_shutdown", "projection_rebuilt")
    return sum(n for types in by_type.values() for name, n in types.items() if name not in own)


def what_happened(summary: dict[str, Any]) -> int:
    names = ("messages_received", "replies", "turns", "budget_breaches")
    figures: dict[str, int] = {**summary["sessions"], **{name: summary[name] for name in names}}
    return sum(n for name, n in figures.items() if name != "active")


async def everything(service: RunningService) -> dict[str, Any]:
    paths = ("switches", "agents", "tools", "decisions", "errors", "llm")
    answers = {path: await service.get(f"/v1/metrics/{path}") for path in paths}
    summary = await service.get("/v1/metrics/summary")
    answers["summary"] = {name: n for name, n in summary.items() if name != "events"}
    for each in range(3):
        answers[f"s{each}"] = await service.get(f"/v1/sessions/s{each}/metrics")
    return answers


async def test_what_happens_is_counted_and_answers_and_page_agree(
    settings: MetricsSettings,
) -> None:
    events = session_events()

    async with running(NAME, create_app, settings) as service:
        await send(settings.kafka, [*events, *events[:20]])
        await counted(service, len(events))

        counts = await service.get("/v1/counts")
        session = await service.get("/v1/sessions/s1/metrics")
        unknown = await service.client.get("/v1/sessions/nobody/metrics")
        answers = await everything(service)
        page = (await service.client.get("/metrics")).text

    assert counts["sessions"] == 3
    types = Counter((event.level.value, event.name()) for event in events)
    assert counts["events"]["by_type"]["domain"] == {
        name: n for (level, name), n in types.items() if level == "domain"
    }
    assert (session["events"], session["messages"]) == (50, 6)
    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == "application/problem+json"
    assert answers["summary"]["sessions"]["created"] == 3
    assert answers["summary"]["tool_calls"] == sum(t["calls"] for t in answers["tools"]["tools"])
    assert_shows_every_family_once_and_no_session(page)


def assert_shows_every_family_once_and_no_session(page: str) -> None:
    families = list(text_string_to_metric_families(page))
    shown = Counter(family.name for family in families)
    assert [name for name, times in shown.items() if times > 1] == []
    assert shown["agent_runtime_agent_switches"] == 1
    assert shown["agent_runtime_consumer_batch_records"] == 1
    (created,) = [each for each in families if each.name == "agent_runtime_sessions_created"]
    assert created.samples[0].value == 3
    labels = {value for each in families for s in each.samples for value in s.labels.values()}
    assert not labels & {"s0", "s1", "s2"}


async def test_the_figures_are_made_again_when_redis_was_wiped_and_when_a_person_wants_it(
    settings: MetricsSettings, redis: Any
) -> None:
    events = session_events()
    async with running(NAME, create_app, settings) as service:
        await send(settings.kafka, events)
        await counted(service, len(events))
        before = await everything(service)

        await redis.flushdb()
        await counted(service, len(events))
        assert await everything(service) == before

        wanted = {"operator": "ann", "reason": "doubt"}
        response = await service.client.post("/v1/rebuild", json=wanted)
        assert response.json()["events"] >= len(events)
        assert await everything(service) == before

        async def recorded() -> bool:
            by_type = (await service.get("/v1/counts"))["events"]["by_type"]
            return "projection_rebuilt" in by_type["infrastructure"]

        await eventually(recorded, message="the rebuild is not an event")


async def test_a_late_start_and_a_second_replica_change_nothing(
    settings: MetricsSettings,
) -> None:
    events = session_events(12)
    await send(settings.kafka, events)

    async with running(NAME, create_app, settings) as one:
        await counted(one, len(events))
        first = await everything(one)
        async with running(NAME, create_app, settings) as other:
            await send(settings.kafka, [*events, *long_history("s12", 2)])
            await counted(other, len(events) + 2)

            assert await everything(one) == await everything(other)
            assert (await everything(other))["agents"] == first["agents"]


async def test_a_spoilt_key_makes_dead_letters_that_count_when_they_are_redriven(
    settings: MetricsSettings, redis: Any
) -> None:
    spoilt, healthy = long_history("spoilt", 2), long_history("healthy", 2)
    topics = Topics(settings.kafka.topic_prefix)
    async with running(NAME, create_app, settings) as service:
        await redis.set(session_key("spoilt"), "x")
        await send(settings.kafka, [*spoilt, *healthy])

        async def dead_letters() -> bool:
            return 'error_kind="fatal"' in (await service.client.get("/metrics")).text

        await eventually(dead_letters, timeout=30, message="no dead letter")
        await counted(service, 2)
        await redis.unlink(session_key("spoilt"))
        await send_records(settings.kafka, [to(topics.retry(NAME), each) for each in spoilt])
        await counted(service, 4)

        assert (await service.get("/v1/sessions/spoilt/metrics"))["events"] == 2
        assert (await service.get("/v1/metrics/summary"))["sessions"]["created"] == 2


def to(topic: str, event: Event) -> OutgoingRecord:
    return replace(encode(event, Topics()), topic=topic)
