# SPDX-License-Identifier: Apache-2.0
"""``agentctl events`` and ``agentctl topics`` on a real broker."""

import asyncio
import json
from pathlib import Path

import pytest

from shared.events import Topics
from shared.messaging import OutgoingRecord
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.agentctl import Agentctl, Outcome
from tests.support.event_streams import long_history
from tests.support.running_service import send, send_records
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected

POISON = b"\xff no event"


@pytest.fixture
async def kafka(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> KafkaSettings:
    await ensure_topics(kafka_settings)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_settings.bootstrap_servers)
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", kafka_settings.topic_prefix)
    await send(kafka_settings, [*long_history("s-1", 12), *long_history("s-2", 12)])
    domain = Topics(kafka_settings.topic_prefix).domain
    await send_records(kafka_settings, [OutgoingRecord(domain, b"s-1", POISON, ())])
    return kafka_settings


@pytest.fixture
def agentctl(capsys: pytest.CaptureFixture[str]) -> Agentctl:
    return Agentctl(capture=capsys)


async def run(agentctl: Agentctl, *arguments: str) -> Outcome:
    return await asyncio.to_thread(agentctl, *arguments)


async def test_json_lines_agree_with_another_client_record_by_record(
    kafka: KafkaSettings, agentctl: Agentctl
) -> None:
    domain = Topics(kafka.topic_prefix).domain

    outcome = await run(agentctl, "events", "cat", "--topic", "domain", "--json")

    printed = {
        (each["partition"], each["offset"]): each
        for each in map(json.loads, outcome.out.splitlines())
    }
    stored = {(each.partition, each.offset): each for each in await records_of(kafka, domain)}
    assert outcome.code == 0
    assert printed.keys() == stored.keys()
    for place, record in stored.items():
        line = printed[place]
        assert line["timestamp_ms"] == record.timestamp
        assert line["key"].encode() == record.key
        assert list(line["headers"].items()) == [
            (name, value.decode()) for name, value in record.headers
        ]
        if record.value != POISON:
            assert line["value"] == json.loads(record.value or b"")


async def test_events_are_chosen_by_session_type_and_level(
    kafka: KafkaSettings, agentctl: Agentctl
) -> None:
    outcome = await run(
        agentctl,
        "events",
        "cat",
        "--session",
        "s-2",
        "--level",
        "domain",
        "--json",
        "--since",
        "1h",
    )

    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert lines
    assert {line["headers"]["ce_subject"] for line in lines} == {"s-2"}
    assert all(line["headers"]["ce_type"].startswith("agentruntime.domain.") for line in lines)
    assert (await run(agentctl, "events", "cat", "--type", "no_such")).out == ""


async def test_raw_is_the_bytes_of_the_values(kafka: KafkaSettings, agentctl: Agentctl) -> None:
    outcome = await run(agentctl, "events", "cat", "--session", "s-1", "--raw", "--limit", "2")

    assert [json.loads(line)["session_id"] for line in outcome.out.splitlines()] == ["s-1"] * 2


async def test_a_table_shows_poison_beside_events(kafka: KafkaSettings, agentctl: Agentctl) -> None:
    outcome = await run(agentctl, "events", "tail", "--last", "100", "--limit", "25")

    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 26
    assert "✗" in outcome.out
    assert "…" not in outcome.out


async def test_topics_and_lag_are_told(kafka: KafkaSettings, agentctl: Agentctl) -> None:
    prefix = kafka.topic_prefix

    topics = (await run(agentctl, "topics", "list", "--json")).data
    domain = (await run(agentctl, "topics", "describe", "domain", "--json")).data
    lag = (await run(agentctl, "topics", "lag", "--service", "audit", "--json")).data
    everything = sum(each["records"] for each in topics)

    assert {each["name"] for each in topics} == {
        each.name for each in Topics(prefix).specifications()
    }
    assert everything == 25
    assert domain["name"] == f"{prefix}.domain"
    assert sum(each["records"] for each in lag["audit"]) == 25
    assert all(each["committed"] is None for each in lag["audit"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("events", "cat", "--topic", "nowhere"), "no topic nowhere"),
        (("events", "cat", "--json", "--raw"), "two formats"),
        (("events", "cat", "--since", "soon"), "no time"),
        (("events", "cat", "--partition", "99"), "no partition 99"),
        (("topics", "describe", "nowhere"), "no topic 'nowhere'"),
        (("topics", "lag", "--service", "nobody"), "reads no topic"),
    ],
)
@pytest.mark.usefixtures("kafka")
async def test_what_cannot_be_done_is_one_line_and_a_failure(
    agentctl: Agentctl, arguments: tuple[str, ...], message: str
) -> None:
    outcome = await run(agentctl, *arguments)

    assert outcome.code == 1
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


async def test_a_broker_that_is_not_there_is_named(
    agentctl: Agentctl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    outcome = await run(agentctl, "topics", "list")

    assert outcome.code == 1
    assert "nothing answers at 127.0.0.1:1 (KAFKA_BOOTSTRAP_SERVERS)" in outcome.err
