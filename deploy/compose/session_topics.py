# SPDX-License-Identifier: Apache-2.0
"""What is on the topics of a session that was just held, compared with what its services say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from deploy.embedded.demo.services import DemoError
from deploy.embedded.demo.story import Story
from deploy.embedded.demo.waiting import until
from shared.events import Topics
from shared.events.topics import CONSUMING_SERVICES
from shared.messaging import Record
from shared.messaging.headers import ID
from shared.messaging.inspection.describing import TopicDescription, describe
from shared.messaging.inspection.lag import group_lag
from shared.messaging.inspection.reading import read
from shared.messaging.inspection.selection import Selection
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTopics:
    """The topics, how many events of the session each has, and how far each service is behind."""

    topics: Sequence[TopicDescription]
    events: Mapping[str, int]
    behind: Mapping[str, int]
    problems: Sequence[str]


async def topics_of(kafka: KafkaSettings, story: Story, *, since: datetime) -> SessionTopics:
    """Read the records since the session began, without being noticed by any service."""
    topics = Topics(kafka.topic_prefix)
    carriers = (topics.domain, topics.infrastructure)
    session_id = story.conversation.session_id
    events = await _events(kafka, carriers, session_id, since)
    behind = await _behind(kafka, carriers)
    return SessionTopics(
        topics=await describe(kafka, [each.name for each in topics.specifications()]),
        events=events,
        behind=behind,
        problems=problems(
            session_id, events, behind, recorded=story.accounts[session_id][0].events
        ),
    )


def problems(
    session_id: str, events: Mapping[str, int], behind: Mapping[str, int], *, recorded: int
) -> list[str]:
    """Return what does not agree, in words."""
    found = [f"{name} is {records} records behind" for name, records in behind.items() if records]
    if (total := sum(events.values())) != recorded:
        found.append(f"{session_id}: the topics have {total} events, {recorded} were recorded")
    return found


async def _events(
    kafka: KafkaSettings, carriers: Sequence[str], session_id: str, since: datetime
) -> dict[str, int]:
    """Count the different events of the session on each topic; one may be there twice."""
    ids: dict[str, set[bytes]] = defaultdict(set)
    async for record in read(kafka, Selection(topics=carriers, since=since)):
        if record.key == session_id.encode() and (event_id := _event_id(record)):
            ids[record.topic].add(event_id)
    return {topic: len(ids[topic]) for topic in carriers}


def _event_id(record: Record) -> bytes | None:
    return next((value for name, value in record.headers if name == ID), None)


async def _behind(kafka: KafkaSettings, carriers: Sequence[str]) -> dict[str, int]:
    """Return how many records each service has yet to finish, once none has any, or as it is."""
    found: dict[str, int] = {}

    async def look() -> bool:
        for service in CONSUMING_SERVICES:
            lags = await group_lag(kafka, f"{kafka.topic_prefix}.{service}", carriers)
            found[service] = sum(each.records for each in lags if each.committed is not None)
        return not any(found.values())

    with suppress(DemoError):  # who is behind is told as a problem
        await until("all services to have finished", look)
    return found
