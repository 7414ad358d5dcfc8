# SPDX-License-Identifier: Apache-2.0
"""A discarded dead letter leaves no context stuck, also when all of them are made again."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from services.agent_context.app import NAME, create_app
from services.agent_context.arrivals import SERVICE
from services.agent_context.context import Context
from services.agent_context.handlers import AgentContextSubscriber
from services.agent_context.limits import Limits
from services.agent_context.settings import AgentContextSettings
from services.agent_context.store import ContextStore, waiting_key
from shared.events import DeadLetterDiscarded, DeadLetterEdited, Event, MessageReceived, Topics
from shared.ids import new_id
from shared.messaging import encode
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings, RedisSettings
from tests.support.event_streams import delivered, delivery, long_history
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.running_service import running, send, send_records

pytestmark = pytest.mark.connected

PLACE = 5
EVENTS = long_history("s0", 12)
DEAD = EVENTS[PLACE - 1]
REST = [each for each in EVENTS if each is not DEAD]


def discard(**fields: Any) -> DeadLetterDiscarded:
    values: dict[str, Any] = {
        "aggregate_id": "service:dead_letters",
        "sequence": 1,
        "service": SERVICE,
        "dead_event_id": str(DEAD.event_id),
        "dead_aggregate_id": "s0",
        "dead_sequence": PLACE,
        **fields,
    }
    return an_event(DeadLetterDiscarded, **values)


def edited() -> MessageReceived:
    return MessageReceived(
        session_id="s0", sequence=PLACE, message_content="mended", message_length=6, source="/desk"
    )


def subscriber(store: ContextStore) -> AgentContextSubscriber:
    return AgentContextSubscriber(store, Limits(window_tokens=2000), max_early=100)


async def take(store: ContextStore, *events: Event) -> None:
    await subscriber(store).apply(delivered(events))


async def redrive(store: ContextStore, event: Event) -> None:
    found = delivery(event)
    record = replace(found.record, topic=Topics().retry(SERVICE))
    await subscriber(store).apply([replace(found, record=record)])


async def context(store: ContextStore) -> Context:
    return (await store.read("s0")).context()


def test_the_name_is_that_of_the_service() -> None:
    assert SERVICE == NAME


async def test_what_waited_behind_a_discarded_event_is_applied_in_order(
    store: ContextStore,
) -> None:
    """Fails without stand-ins: what came behind the gap would wait for ever."""
    await take(store, *REST)
    assert (await context(store)).sequence == PLACE - 1

    await take(store, discard())

    found = await context(store)
    assert (found.sequence, found.discarded, found.missing) == (len(EVENTS), 1, 0)
    counts = await store.counts()
    assert (counts.events, counts.waiting) == (len(REST), 0)


async def test_a_discard_waits_for_its_turn_and_cannot_be_undone_by_the_event_itself(
    store: ContextStore, redis: Any
) -> None:
    """Fails if an event that comes again took the place of what waits there."""
    await take(store, discard())
    await take(store, DEAD, *EVENTS[PLACE:])
    assert await redis.hlen(waiting_key("s0")) == len(EVENTS) - PLACE + 1
    await take(store, *EVENTS[: PLACE - 1], DEAD)

    found = await context(store)
    assert (found.sequence, found.discarded) == (len(EVENTS), 1)
    assert (await store.counts()).waiting == 0


async def test_in_whatever_order_all_of_it_comes_the_bytes_are_the_same(
    store: ContextStore, redis: Any
) -> None:
    ways = ([*REST, discard()], [discard(), *REST], [*REST[6:], discard(), *REST[:6]])
    documents = set[bytes]()
    for way in ways:
        for each in way:
            await take(store, each)
        documents.add((await store.read("s0")).document)
        await redis.delete("agent-runtime:context:session:s0")

    assert len(documents) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"service": "persistence"},
        {"dead_sequence": None},
        {"dead_aggregate_id": "service:metrics/1"},
    ],
)
async def test_only_the_service_that_gave_up_passes_over(
    store: ContextStore, fields: dict[str, Any]
) -> None:
    """Fails if a letter of another service were skipped here: this one has the event coming."""
    await take(store, *REST, discard(**fields))

    assert (await context(store)).sequence == PLACE - 1
    await take(store, DEAD)
    assert (await context(store)).sequence == len(EVENTS)
    assert (await store.counts()).waiting == 0


async def test_an_edited_copy_takes_the_place_of_the_original_whatever_comes_again(
    store: ContextStore,
) -> None:
    """Fails if what waits were replaced by an event that comes for the second time."""
    await redrive(store, edited())
    await take(store, DEAD, *EVENTS[PLACE:])
    await take(store, *EVENTS[: PLACE - 1])

    found = await context(store)
    assert found.sequence == len(EVENTS)
    assert "mended" in [each.content for each in found.messages]


async def test_contexts_made_again_leave_out_what_was_discarded_or_replaced(
    redis_url: str, kafka_settings: KafkaSettings, redis: Any
) -> None:
    """Fails without looking for decisions first: the originals are applicable by now."""
    await ensure_topics(kafka_settings)
    settings = AgentContextSettings(
        redis=RedisSettings(url=SecretStr(redis_url)), kafka=kafka_settings
    )
    topics = Topics(kafka_settings.topic_prefix)
    replaced = long_history("s1", 8)
    copy = edited().model_copy(update={"session_id": "s1", "aggregate_id": "s1"})
    about = {"dead_event_id": str(replaced[PLACE - 1].event_id), "dead_aggregate_id": "s1"}
    edit = an_event(
        DeadLetterEdited,
        **{"aggregate_id": "service:dead_letters", "sequence": 2, "service": SERVICE, **about},
        new_event_id=str(copy.event_id),
    )
    other = discard(sequence=3, service="metrics", dead_event_id=str(new_id()), dead_sequence=2)
    await send(kafka_settings, [*EVENTS, *replaced, discard(), edit, other])
    await send_records(kafka_settings, [replace(encode(copy, topics), topic=topics.retry(NAME))])

    async with running(NAME, create_app, settings) as service:

        async def made() -> bool:
            found = await service.client.get("/v1/sessions/s1/context?at_least=8")
            return found.is_success

        await eventually(made, timeout=30)
        first = [await service.get(f"/v1/sessions/{each}/context") for each in ("s0", "s1")]
        await redis.flushdb()
        await eventually(made, timeout=30)
        second = [await service.get(f"/v1/sessions/{each}/context") for each in ("s0", "s1")]

    assert second == first
    assert (first[0]["sequence"], first[0]["discarded"]) == (len(EVENTS), 1)
    assert (first[1]["sequence"], first[1]["discarded"]) == (8, 0)
    assert "mended" in [each["content"] for each in first[1]["messages"]]
