# SPDX-License-Identifier: Apache-2.0
"""One message becomes events that five services act on."""

import asyncio
import base64
import json
from functools import partial
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from deploy.embedded.demo.accounts import caught_up
from deploy.embedded.demo.agreement import differences
from deploy.embedded.demo.conversation import FILES, hold_conversation
from deploy.embedded.demo.failures import (
    POISON,
    broken_context,
    dead_letters,
    redrive,
    send_poison,
)
from services.metrics.definitions import DEFINITIONS
from shared.events import Topics
from shared.messaging import decode
from shared.messaging.replay import read_topics
from shared.settings import KafkaSettings
from shared.telemetry.instruments import Instruments
from tests.scenarios.conftest import System
from tests.support.eventually import eventually as eventually_within
from tests.support.otlp_receiver import OtlpReceiver, ReceivedSpan
from tests.support.secrets import SECRET, files_with, keys_with, tables_with

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

eventually = partial(eventually_within, timeout=60)
ONLY_IN_TROUBLE = (
    "agent_errors_total",
    "audit_verify_failures_total",
    "clock_skew_total",
    "commit_failures_total",
    "consumer_paused",
    "duplicates_dropped_total",
    "llm_cost_usd_total",  # the offline model is free
)
"""Figures that a system of which all is well does not show."""

CONSUMERS = ("persistence", "audit", "metrics", "agent_context")


async def a_session(system: System, **fields: Any) -> str:
    session = await system.services.post("orchestrator", "/v1/sessions", fields)
    session_id: str = session["id"]
    return session_id


async def say(system: System, session_id: str, content: str) -> dict[str, Any]:
    turn: dict[str, Any] = await system.services.post(
        "orchestrator", f"/v1/sessions/{session_id}/messages", {"content": content}, wait=30
    )
    return turn


def kafka_of(system: System) -> KafkaSettings:
    addresses = system.stack.addresses
    return KafkaSettings(
        bootstrap_servers=addresses.kafka_bootstrap_servers,
        topic_prefix=addresses.kafka_topic_prefix,
        enable_idempotence=False,
    )


async def test_a_conversation_is_the_same_for_every_service(system: System) -> None:
    conversation = await hold_conversation(system.services)

    accounts = await caught_up(system.services, conversation.session_id)

    assert {account.service for account in accounts} == {"orchestrator", *CONSUMERS}
    assert differences(conversation.session_id, accounts) == []
    files = system.workspaces / conversation.session_id / "files"
    assert {name: (files / name).read_text().strip() for name in FILES} == FILES


async def test_one_turn_is_one_trace_over_all_services(
    system: System, receiver: OtlpReceiver
) -> None:
    session_id = await a_session(system)
    turn = await say(system, session_id, "Write a file a.txt containing hello")
    await caught_up(system.services, session_id)

    def spans() -> list[ReceivedSpan]:
        mine = [
            span
            for span in receiver.spans()
            if span.attributes.get("messaging.message.conversation_id") == turn["correlation_id"]
        ]
        trace_ids = {span.trace_id for span in mine}
        assert len(trace_ids) <= 1
        return [span for span in receiver.spans() if span.trace_id in trace_ids]

    def processed() -> set[str]:
        return {span.service for span in spans() if span.name.startswith("process ")}

    wanted = {f"agent-runtime-{name}" for name in (*CONSUMERS, "orchestrator")}
    await eventually(lambda: processed() >= wanted, message="not every service is in the trace")

    def complete() -> bool:
        """Tell whether every span has its parent, which arrives after its children."""
        known = {span.span_id for span in spans()}
        return all(s.parent_span_id in known for s in spans() if s.parent_span_id)

    await eventually(complete, message="a span is without its parent")
    names = {span.name.split(" ")[0] for span in spans()}
    assert {"POST", "turn", "invoke_agent", "chat", "execute_tool", "send", "process"} <= names


async def test_a_stock_cloudevents_sdk_reads_every_record(system: System) -> None:
    session_id = await a_session(system)
    await say(system, session_id, "Calculate 6 * 7")
    kafka = kafka_of(system)
    topics = Topics(kafka.topic_prefix)

    records = [
        record async for record in read_topics(kafka, [topics.domain, topics.infrastructure])
    ]

    mine = [record for record in records if record.key == session_id.encode()]
    assert len(mine) > 10
    for record in mine:
        message = KafkaMessage(
            headers={name: value or b"" for name, value in record.headers},
            key=record.key,
            value=record.value or b"",
        )
        event = from_binary_event(message)
        ours = decode(record)
        assert event.get_id() == str(ours.event_id)
        assert event.get_type() == ours.type_name()
        assert event.get_subject() == session_id
        assert event.get_extension("correlationid") == ours.correlation_id


async def test_poison_ends_on_the_desk_byte_for_byte_and_stops_nobody(system: System) -> None:
    session_id = await a_session(system)
    await send_poison(system.stack.addresses, session_id)

    async def letters() -> list[dict[str, Any]]:
        found = await dead_letters(system.services, kind="poison")
        return found if len(found) >= 4 else []  # audit keeps poison, so it has no letter

    found = await eventually(letters, message="not every service dead-lettered the poison")
    assert {letter["service"] for letter in found} == {
        "orchestrator", "persistence", "metrics", "agent_context",
    }  # fmt: skip
    letter = await system.services.get("dead_letters", f"/v1/dead-letters/{found[0]['id']}")
    assert letter["body"]["base64"] == base64.b64encode(POISON).decode()
    await say(system, session_id, "Hello")
    assert differences(session_id, await caught_up(system.services, session_id)) == []


async def a_switch_that_failed(system: System, session_id: str) -> list[dict[str, Any]]:
    """Return the letters of a switch to the coder, which agent_context could not apply."""
    await caught_up(system.services, session_id)
    key = f"agent-runtime:context:session:{session_id}"
    path = f"/v1/sessions/{session_id}/agent"

    async def letters() -> list[dict[str, Any]]:
        found = await dead_letters(system.services, service="agent_context", session=session_id)
        return found if len(found) == 3 else []

    async with broken_context(system.stack.addresses, key):
        await system.services.post("orchestrator", path, {"agent": "coder"})
        found: list[dict[str, Any]] = await eventually(
            letters, message="the events were not dead-lettered"
        )
    return found


async def test_an_event_whose_handler_failed_is_applied_when_it_is_redriven(
    system: System,
) -> None:
    session_id = await a_session(system)

    for letter in await a_switch_that_failed(system, session_id):
        await redrive(system.services, letter)

    assert differences(session_id, await caught_up(system.services, session_id)) == []
    path = f"/v1/sessions/{session_id}/context"
    assert (await system.services.get("agent_context", path))["agent"] == "coder"


async def test_what_waited_behind_an_edited_event_is_applied_in_order(system: System) -> None:
    """Safeguard: the copy has the place of the original; at any other the rest waits for ever."""
    session_id = await a_session(system)
    path = f"/v1/sessions/{session_id}/context"
    found = await a_switch_that_failed(system, session_id)
    await say(system, session_id, "Calculate 6 * 7")
    stuck = await system.services.get("agent_context", path)

    for letter in sorted(found, key=lambda each: -each["sequence"]):
        if "agent_switched" in letter["event_type"]:
            await edit(system, letter, reason="mended")
        else:
            await redrive(system.services, letter)

    assert differences(session_id, await caught_up(system.services, session_id)) == []
    context = await system.services.get("agent_context", path)
    assert stuck["sequence"] == min(each["sequence"] for each in found) - 1
    assert [each["reason"] for each in context["switches"]] == ["mended"]
    assert [each["role"] for each in context["messages"]] == ["user", "assistant"]


async def edit(system: System, letter: dict[str, Any], **changes: str) -> None:
    """Send a corrected copy of a letter in its place."""
    path = f"/v1/dead-letters/{letter['id']}"
    body = (await system.services.get("dead_letters", path))["body"]["text"]
    wish = {"operator": "ada", "reason": "a test", "payload": {**json.loads(body), **changes}}
    await system.services.post("dead_letters", f"{path}/edit", wish)


async def test_a_service_that_was_stopped_catches_up(system: System) -> None:
    await system.stack.stop_one("persistence")
    try:
        session_id = await a_session(system)
        await say(system, session_id, "Calculate 6 * 7")
    finally:
        await system.stack.start_one("persistence")

    assert differences(session_id, await caught_up(system.services, session_id)) == []


async def test_an_erased_session_is_erased_everywhere_and_all_proofs_hold(system: System) -> None:
    """Each service has its own safeguard, in the test of its own; here, that none is forgotten."""
    addresses, secret = system.stack.addresses, SECRET
    session_id = await a_session(system, title=f"about {secret}", created_by=secret)
    await say(system, session_id, f"Write a file a.txt containing {secret}")
    await caught_up(system.services, session_id)
    key = f"agent-runtime:context:session:{session_id}"
    async with broken_context(addresses, key):
        await say(system, session_id, f"Remember {secret}")
        await eventually(partial(letters_of, system, session_id), message="no letter came")
    await send_poison(addresses, session_id, POISON + secret.encode())
    planted = await eventually(partial(kept_with, system, secret, services=5))
    assert "redis" in " ".join(planted)

    erased = await system.services.post(
        "orchestrator", f"/v1/sessions/{session_id}/erase", {"by": "ann", "reason": "ticket 7"}
    )

    async def is_erased_everywhere() -> bool:
        entries = await system.services.get("audit", "/v1/entries", session_id=session_id)
        return len(entries["entries"]) >= erased["last_sequence"] and not await kept_with(
            system, secret
        )

    await eventually(is_erased_everywhere, message="something was not erased")
    report = await system.services.post("audit", "/v1/verify", {})
    assert report["ok"], report
    context = await system.services.get("agent_context", f"/v1/sessions/{session_id}/context")
    assert (context["erased"], context["sequence"]) == (True, erased["last_sequence"])
    timeline = await system.services.get("persistence", f"/v1/sessions/{session_id}/timeline")
    assert timeline["erased_at"] is not None
    for letter in await letters_of(system, session_id):
        found = await system.services.get("dead_letters", f"/v1/dead-letters/{letter['id']}")
        assert "erased" in found["why_not"]


async def letters_of(system: System, session_id: str) -> list[dict[str, Any]]:
    return await dead_letters(system.services, session=session_id)


async def kept_with(system: System, secret: str, *, services: int = 0) -> list[str]:
    """Return where the secret is kept; nothing while it is in fewer schemas than ``services``."""
    addresses = system.stack.addresses
    tables = await tables_with(addresses.database_urls["postgres"], secret)
    client: Any = Redis
    redis = client.from_url(addresses.redis_url)
    keys = [f"redis {key}" for key in await keys_with(redis, secret)]
    await redis.aclose()
    files = [str(path) for path in files_with(system.workspaces, secret)]
    schemas = {table.split(".")[0] for table in tables} | ({"redis"} if keys else set[str]())
    return [*tables, *keys, *files] if len(schemas) >= services else []


async def test_every_service_says_how_it_is(system: System) -> None:
    for name in system.stack.addresses.services:
        assert (await system.services.get(name, "/healthz"))["status"] == "alive"

        async def ready(name: str = name) -> bool:
            answer: Any = await system.services.find(name, "/readyz")
            return bool(answer) and answer["status"] == "ready"

        await eventually(ready, message=f"{name} is not ready")


async def test_at_the_end_all_services_have_counted_the_same_events(system: System) -> None:
    async def totals() -> bool:
        persistence, audit, metrics = await asyncio.gather(
            *(
                system.services.get(name, "/v1/counts")
                for name in ("persistence", "audit", "metrics")
            )
        )
        counted = {
            persistence["events"],
            audit["total"]["events"],
            metrics["events"]["total"],
        }
        return len(counted) == 1

    await eventually(totals, message="the services have counted different events")


async def test_every_figure_that_is_promised_is_shown_by_a_service(system: System) -> None:
    """A figure that no code feeds, or that is fed under another name, would not be there."""
    bounded = await a_session(system, budget={"model_calls": 1})
    stopped = await say(system, bounded, "Calculate 6 * 7")
    await system.services.post("orchestrator", f"/v1/sessions/{bounded}/complete", {})
    promised = {
        each.prometheus_name + ("_count" if each.kind == "histogram" else "")
        for each in (*Instruments.definitions(), *DEFINITIONS)
    }

    async def all_are_shown() -> bool:
        missing = promised - await shown(system)
        return missing <= {f"agent_runtime_{name}" for name in ONLY_IN_TROUBLE}

    assert "model_calls" in stopped["error"]
    await eventually(all_are_shown, message="a figure is not shown")


async def shown(system: System) -> set[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        pages = [
            (await client.get(f"{url}/metrics")).text
            for url in system.stack.addresses.services.values()
        ]
    return {
        sample.name
        for page in pages
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
