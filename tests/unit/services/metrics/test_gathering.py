# SPDX-License-Identifier: Apache-2.0
"""Events that are handed in one by one."""

import asyncio
from collections.abc import Sequence

import pytest

from services.metrics.gathering import Gathering
from services.metrics.ledger import Ledger
from services.metrics.rollup import rollup
from services.metrics.store import Fold
from shared.errors import DependencyDownError, PermanentError
from shared.events import Event
from shared.rebuild import LIVE
from tests.support.event_streams import long_history


class Counted:
    """Notes which events came together; refuses the one with a number."""

    def __init__(self, *, refused: int = 0, down: bool = False) -> None:
        self.calls: list[list[int]] = []
        self._refused = refused
        self._down = down

    async def add(
        self, ledger: str, events: Sequence[Event], fold: Fold, *, token: str = LIVE
    ) -> int:
        self.calls.append([event.sequence for event in events])
        await asyncio.sleep(0)
        if self._down:
            raise DependencyDownError("Redis", "gone")
        if self._refused in self.calls[-1]:
            raise PermanentError("refused")
        return len(events)


def gathering(counted: Counted) -> Gathering:
    return Gathering(Ledger(name="domain", fold=rollup, store=counted))


async def hand_in(into: Gathering, events: Sequence[Event]) -> list[str]:
    answers = await asyncio.gather(*map(into.count, events), return_exceptions=True)
    return [type(answer).__name__ for answer in answers]


async def test_what_comes_at_the_same_time_is_counted_together() -> None:
    counted = Counted()

    assert await hand_in(gathering(counted), long_history("s", 50)) == ["NoneType"] * 50

    assert len(counted.calls) <= 2
    assert sorted(number for call in counted.calls for number in call) == list(range(1, 51))


async def test_what_comes_later_is_counted_too() -> None:
    counted = Counted()
    into = gathering(counted)
    first, second = long_history("s", 2)

    await into.count(first)
    await into.count(second)

    assert counted.calls == [[1], [2]]


async def test_an_event_that_cannot_be_counted_is_the_only_one_that_fails() -> None:
    answers = await hand_in(gathering(Counted(refused=3)), long_history("s", 5))

    assert answers == ["NoneType", "NoneType", "PermanentError", "NoneType", "NoneType"]


async def test_a_server_that_is_down_is_asked_once() -> None:
    counted = Counted(down=True)

    assert await hand_in(gathering(counted), long_history("s", 5)) == ["DependencyDownError"] * 5

    assert len(counted.calls) == 1


async def test_somebody_who_stops_waiting_disturbs_nobody() -> None:
    counted = Counted()
    into = gathering(counted)
    first, second = (asyncio.create_task(into.count(each)) for each in long_history("s", 2))
    await asyncio.sleep(0)

    first.cancel()
    await second

    with pytest.raises(asyncio.CancelledError):
        await first
    assert counted.calls == [[1, 2]]
