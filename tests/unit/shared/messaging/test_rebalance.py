# SPDX-License-Identifier: Apache-2.0
"""A member gives its partitions back with nothing in hand, so that nobody does it again."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.events import MessageReceived, Topics
from shared.messaging import Record, encode
from shared.messaging.attempts import AttemptLog
from shared.messaging.guard import Guard
from shared.messaging.observer import NullObserver
from shared.messaging.subscriber import RecordSubscriber
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.factories import an_event

TOPICS = Topics()
PARTITION = TopicPartition(TOPICS.domain, 0)


class Processor:
    """Has a batch in hand until it is told to go on."""

    def __init__(self) -> None:
        self.in_hand = 0
        self.go_on = asyncio.Event()

    async def process(self, records: Sequence[Record]) -> None:
        self.in_hand += len(records)
        await self.go_on.wait()

    async def abandon(self, record: Record, error: Exception, *, attempts: int) -> None:
        raise AssertionError(f"{record} was given up")


class Nothing:
    """A store that remembers nothing."""

    async def load(self, places: object) -> Mapping[Any, Any]:
        return {}

    async def save(self, entries: object) -> None:
        """Forget it."""


class Client:
    """The consumer of the client library: what is assigned, and what was committed."""

    def __init__(self) -> None:
        self._coordinator = SimpleNamespace(generation=1, member_id="a member")
        self.assigned = {PARTITION}
        self.committed: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def highwater(self, _: TopicPartition) -> int:
        return 7

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed.update(offsets)


class Member:
    """A subscriber with a client of its own, without a broker."""

    def __init__(self, session_timeout: timedelta) -> None:
        self.processor, self.client = Processor(), Client()
        self.subscriber = RecordSubscriber(
            KafkaSettings(session_timeout=session_timeout),
            group="agent-runtime.audit",
            topics=[TOPICS.domain],
            processor=self.processor,
            attempts=AttemptLog(Nothing(), wait=Guard().until_available, max_crashes=3),
            observer=NullObserver(),
        )

    @property
    def listener(self) -> Any:
        """Whom the client tells of its partitions."""
        return self.subscriber._subscriber._listener

    async def assign(self) -> None:
        """Have the group give the partition, as the client does it."""
        await self.listener.on_partitions_assigned({PARTITION})

    async def revoke(self) -> None:
        """Have the group take the partition away, as the client does it."""
        await self.listener.on_partitions_revoked({PARTITION})
        self.client.assigned = set()


def a_record() -> Record:
    event = an_event(MessageReceived).recorded(sequence=1, source="/test")
    sent = encode(event, TOPICS)
    return Record(TOPICS.domain, 0, 6, 0, sent.key, sent.value, sent.headers)


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Member:
    return _member(monkeypatch, timedelta(seconds=60))


def _member(monkeypatch: pytest.MonkeyPatch, session_timeout: timedelta) -> Member:
    member = Member(session_timeout)
    monkeypatch.setattr(RecordSubscriber, "consumer", property(lambda _: member.client))
    return member


async def test_a_rebalance_in_mid_batch_waits_until_the_batch_is_committed(member: Member) -> None:
    """P5. Safeguard: ``RecordSubscriber._until_idle``; without it the next member does it again."""
    handling = asyncio.create_task(member.subscriber._handle([a_record()]))
    await eventually(lambda: member.processor.in_hand)

    revoking = asyncio.create_task(member.revoke())
    for _ in range(20):
        await asyncio.sleep(0)
    waits = not revoking.done()
    member.processor.go_on.set()
    await asyncio.gather(handling, revoking)

    assert waits
    assert member.client.committed == {PARTITION: 7}


async def test_the_group_does_not_wait_for_a_batch_that_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """P5. Safeguard: the patience; a member that hangs would leave all others without work."""
    member = _member(monkeypatch, timedelta(milliseconds=100))
    handling = asyncio.create_task(member.subscriber._handle([a_record()]))
    await eventually(lambda: member.processor.in_hand)

    await member.revoke()
    member.processor.go_on.set()
    await handling

    assert member.client.committed == {}


async def test_what_is_handed_out_while_the_group_forms_anew_was_read_as_nobody(
    member: Member,
) -> None:
    """Safeguard: that a membership ends when partitions are given back.

    The client still hands out what it fetched before, while its next membership has a name already.
    """
    member.processor.go_on.set()
    await member.assign()
    await member.subscriber._handle([a_record()])
    before = member.subscriber._reader

    await member.revoke()
    await member.subscriber._handle([a_record()])

    assert (before is not None, member.subscriber._reader) == (True, None)
