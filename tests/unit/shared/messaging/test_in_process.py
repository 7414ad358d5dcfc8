# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import Sequence

import pytest

from shared.events import Event, MessageReceived, TaskCompleted
from shared.messaging import InProcessEventBus
from tests.contract.event_bus import QUICK, BusUnderTest, EventBusContract, Letter, message
from tests.support.factories import an_event


class InProcessUnderTest(BusUnderTest):
    def __init__(self) -> None:
        self.in_process = InProcessEventBus(retry=QUICK, sleep=lambda _: asyncio.sleep(0))
        self.bus = self.in_process

    def paused(self) -> bool:
        return self.in_process.pause.reason is not None

    async def dead_letters(self) -> Sequence[Letter]:
        return self.in_process.dead_letters


class TestInProcessEventBus(EventBusContract):
    @pytest.fixture
    def subject(self) -> BusUnderTest:
        return InProcessUnderTest()

    async def test_publish_returns_when_every_consequence_was_handled(self) -> None:
        bus = InProcessEventBus()
        seen: list[str] = []

        @bus.subscribe(MessageReceived)
        async def answer(event: MessageReceived) -> None:
            seen.append("question")
            for session in (event.session_id, "session-2"):
                await bus.publish(an_event(TaskCompleted, session_id=session))

        @bus.subscribe(TaskCompleted)
        async def note(event: Event) -> None:
            seen.append(f"{event.aggregate_id} completed")

        await bus.publish(message())

        assert seen[0] == "question"
        assert sorted(seen[1:]) == ["session-1 completed", "session-2 completed"]

    async def test_two_conversations_that_publish_to_each_other_do_not_block_each_other(
        self,
    ) -> None:
        bus = InProcessEventBus()
        seen: list[str] = []

        @bus.subscribe(MessageReceived)
        async def tell_the_other(event: MessageReceived) -> None:
            other = "b" if event.session_id == "a" else "a"
            await bus.publish(an_event(TaskCompleted, session_id=other))

        @bus.subscribe(TaskCompleted)
        async def note(event: Event) -> None:
            seen.append(event.aggregate_id)

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            for session in ("a", "b"):
                group.create_task(bus.publish(message(session=session)))

        assert sorted(seen) == ["a", "b"]
