# SPDX-License-Identifier: Apache-2.0
"""Processes that end, one after the other, over the same records."""

from collections.abc import Collection, Mapping, Sequence

import pytest

from shared.errors import DependencyDownError, TransientError
from shared.events import MessageReceived, Topics
from shared.messaging import Delivery, OutgoingRecord, Record, encode, headers as names
from shared.messaging.attempts import AttemptLog
from shared.messaging.guard import Guard
from shared.messaging.headers import readable
from shared.messaging.in_hand import InHand, Place
from shared.messaging.intake import Intake
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.subscriptions import Subscriptions
from shared.retry import RetryPolicy
from tests.support.factories import an_event

TOPICS = Topics()
MAX_CRASHES = 3
FOREVER = 1_000_000


class Crash(BaseException):
    """The process ends here, as with kill -9: nothing catches it and nothing is tidied up."""


class MemoryStore:
    """What outlives the processes of a test."""

    def __init__(self) -> None:
        self.entries: dict[Place, InHand] = {}
        self.saves = 0
        self.down = 0

    async def load(self, places: Collection[Place]) -> Mapping[Place, InHand]:
        self._answer()
        return {place: self.entries[place] for place in places if place in self.entries}

    async def save(self, entries: Mapping[Place, InHand]) -> None:
        self._answer()
        self.saves += 1
        self.entries |= entries

    def _answer(self) -> None:
        if self.down:
            self.down -= 1
            raise DependencyDownError("PostgreSQL", "refused")


class Sink:
    """Applies records; some crash the process, some fail."""

    def __init__(self) -> None:
        self.deadly: set[int] = set()
        self.failing: set[int] = set()
        self.store: MemoryStore | None = None
        self.fall_with: set[int] = set()
        self.tried: list[list[int]] = []
        self.applied: list[int] = []

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        offsets = [each.record.offset for each in deliveries]
        self.tried.append(offsets)
        if self.store and self.fall_with & set(offsets):
            self.store.down = FOREVER
            raise DependencyDownError("PostgreSQL", "refused")
        if self.deadly & set(offsets):
            raise Crash
        if self.failing & set(offsets):
            raise TransientError("busy")
        self.applied += offsets


async def unexpected(_: float) -> None:
    """Fail: only what nobody has thought of is repeated after this sleep."""
    raise AssertionError("a batch failed unexpectedly")


class System:
    """One partition, its committed offset, store and dead letters; processes come and go."""

    def __init__(self, records: int = 10, *, batch: int = 10) -> None:
        self.records = [a_record(offset) for offset in range(records)]
        self.batch = batch
        self.committed = 0
        self.store = MemoryStore()
        self.sink = Sink()
        self.letters: list[OutgoingRecord] = []
        self.ended = 0
        self.policy = RetryPolicy(max_attempts=3)
        self.patience = 0
        """At which waiting a process is killed; at none if 0."""

    async def wait(self, _: float) -> None:
        """Do not sleep, but end where patience does."""
        self.patience -= 1
        if self.patience == 0:
            raise Crash

    async def write(self, record: OutgoingRecord) -> None:
        self.letters.append(record)

    async def commit(self, records: Sequence[Record]) -> None:
        self.committed = records[-1].offset + 1

    def process(self) -> tuple[Intake, AttemptLog]:
        """Return what a process that starts now reads with."""
        subscriptions = Subscriptions()
        subscriptions.add_sink(self.sink, "dead_letter")
        guard = Guard(policy=self.policy, sleep=self.wait)
        attempts = AttemptLog(self.store, wait=guard.until_available, max_crashes=MAX_CRASHES)
        processor = BatchProcessor(
            identity=ConsumerIdentity(service="audit", group="audit", version=""),
            subscriptions=subscriptions,
            dead_letters=self,
            topics=TOPICS,
            guard=guard,
            attempts=attempts,
        )
        intake = Intake(processor, attempts=attempts, commit=self.commit, sleep=unexpected)
        return intake, attempts

    async def live(self) -> bool:
        """Start a process and let it read to the end; return False if it crashes."""
        intake, _ = self.process()
        try:
            while self.committed < len(self.records):
                await intake.take(self.records[self.committed : self.committed + self.batch])
        except Crash:
            self.ended += 1
            return False
        return True

    async def live_until_done(self, *, at_most: int = 50) -> None:
        for _ in range(at_most):
            if await self.live():
                return
        raise AssertionError(f"still at {self.committed} after {at_most} processes")

    def deliveries_of(self, offset: int) -> int:
        return sum(offset in each for each in self.sink.tried)


def a_record(offset: int) -> Record:
    event = an_event(MessageReceived).recorded(sequence=offset + 1, source="/test")
    sent = encode(event, TOPICS)
    return Record(TOPICS.domain, 0, offset, 0, sent.key, sent.value, sent.headers)


@pytest.mark.parametrize("deadly", [0, 4, 9])
async def test_a_record_that_ends_every_process_becomes_a_dead_letter_and_the_rest_is_applied(
    deadly: int,
) -> None:
    """Safeguard: the mark that is saved before a batch; without it the crashes never end."""
    system = System()
    system.sink.deadly = {deadly}

    await system.live_until_done()

    assert [letter.value for letter in system.letters] == [system.records[deadly].value]
    headers = readable(system.letters[0].headers)
    assert headers[names.DELIVERY_COUNT] == str(MAX_CRASHES)
    assert headers[names.ERROR_KIND] == "exhausted"
    assert headers[names.ERROR_CLASS].endswith("CrashedError")
    assert sorted(set(system.sink.applied)) == [each for each in range(10) if each != deadly]


async def test_the_number_of_deliveries_of_a_deadly_record_is_bounded() -> None:
    system = System(records=30, batch=10)
    system.sink.deadly = {17}

    await system.live_until_done()

    assert system.deliveries_of(17) <= MAX_CRASHES + 3
    assert system.ended == system.deliveries_of(17)


async def test_several_deadly_records_in_one_batch_are_all_found() -> None:
    system = System()
    system.sink.deadly = {2, 3, 8}

    await system.live_until_done()

    assert len(system.letters) == 3
    assert sorted(set(system.sink.applied)) == [0, 1, 4, 5, 6, 7, 9]


async def test_a_process_that_is_killed_again_and_again_but_gets_on_blames_no_record() -> None:
    """Safeguard: the count belongs to the position, and a new position begins at none."""
    system = System(records=40, batch=1)
    for offset in range(40):
        system.sink.deadly = {offset}
        await system.live()
        system.sink.deadly = set()
        intake, _ = system.process()
        await intake.take([system.records[system.committed]])

    assert system.letters == []
    assert system.committed == 40


async def test_processes_that_are_stopped_in_order_blame_no_record() -> None:
    """Safeguard: ``let_go``; a deployment that restarts often must cost no record."""
    system = System()
    for _ in range(20):
        _, attempts = system.process()
        await attempts.begin(system.records[:1])
        await attempts.take(system.records[0])
        await attempts.let_go()

    await system.live_until_done()

    assert system.letters == []
    assert len(system.sink.applied) == 10


@pytest.mark.parametrize("batch", [10, 1])
async def test_processes_that_are_killed_while_the_store_is_down_blame_no_record(
    batch: int,
) -> None:
    """Safeguards: the waiting for the store before a mark; of one record, that of ``Guard.run``.

    The first process has its batch in hand when the server goes down, the others find it down. If
    the latter counted, the batch would be taken for a deadly one; if the former did, the only
    record of a batch would be given up.
    """
    system = System(batch=batch)
    system.sink.store = system.store
    system.sink.fall_with = {0}
    for _ in range(20):
        system.patience = 10
        assert not await system.live()
    assert [entry.begun for entry in system.store.entries.values()] == [1]
    system.store.down = 0
    system.sink.fall_with, system.patience = set(), 0

    await system.live_until_done()

    assert system.letters == []
    assert system.ended == 20
    assert system.sink.applied == list(range(10))


async def test_a_store_that_is_down_is_waited_for_and_only_then_the_batch_is_begun() -> None:
    system = System()
    system.store.down = 5

    assert await system.live()

    assert len(system.sink.applied) == 10
    assert system.store.down == 0


async def test_attempts_that_failed_before_a_crash_are_not_made_again() -> None:
    """Safeguard: the attempts that are saved after each failure."""
    system = System(records=1)
    system.sink.failing = {0}
    for _ in range(2):
        intake, attempts = system.process()
        await crash_at_the_second_attempt(system, intake)
        del attempts

    await system.live_until_done()

    assert system.deliveries_of(0) == 3
    assert readable(system.letters[0].headers)[names.DELIVERY_COUNT] == "3"
    assert readable(system.letters[0].headers)[names.ERROR_CLASS].endswith("TransientError")


async def crash_at_the_second_attempt(system: System, intake: Intake) -> None:
    tried = len(system.sink.tried)
    apply = system.sink.apply

    async def once(deliveries: Sequence[Delivery]) -> None:
        if len(system.sink.tried) > tried:
            raise Crash
        await apply(deliveries)

    system.sink.apply = once  # type: ignore[method-assign]
    with pytest.raises(Crash):
        await intake.take(system.records)
    system.sink.apply = apply  # type: ignore[method-assign]


async def test_an_ordinary_batch_costs_the_store_nothing_but_at_the_first() -> None:
    system = System(records=100, batch=10)

    await system.live_until_done()

    assert system.store.saves == 1


async def test_offsets_that_begin_anew_are_not_taken_for_the_old_ones() -> None:
    """An embedded broker that is started again counts from 0."""
    system = System()
    place = (TOPICS.domain, 0)
    system.store.entries[place] = InHand(position=700, begun=9, alone=9)

    await system.live_until_done()

    assert system.letters == []
