# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from shared.correlation import EventCorrelation, is_correlation_id
from shared.ids import new_id


def test_a_scope_restores_what_was_before() -> None:
    cause = new_id()

    with EventCorrelation.scope("outer", causation_id=cause):
        with EventCorrelation.scope("inner"):
            inside = EventCorrelation.get_correlation_id(), EventCorrelation.get_causation_id()
        after = EventCorrelation.get_correlation_id(), EventCorrelation.get_causation_id()

    assert inside == ("inner", None)
    assert after == ("outer", cause)
    assert EventCorrelation.get_correlation_id() is None


def test_a_scope_without_an_id_makes_one() -> None:
    with EventCorrelation.scope() as first, EventCorrelation.scope() as second:
        assert first != second


async def test_tasks_do_not_see_each_others_correlation() -> None:
    async def work(name: str) -> str | None:
        EventCorrelation.set_correlation_id(name)
        await asyncio.sleep(0)
        return EventCorrelation.get_correlation_id()

    assert list(await asyncio.gather(work("a"), work("b"))) == ["a", "b"]
    assert EventCorrelation.get_correlation_id() is None


async def test_a_task_inherits_the_correlation_it_is_started_in() -> None:
    async def work() -> str | None:
        return EventCorrelation.get_correlation_id()

    with EventCorrelation.scope("conversation"):
        task = asyncio.create_task(work())

    assert await task == "conversation"


@pytest.mark.parametrize("value", ["a", "x" * 128, "00-ab:cd/ef"])
def test_short_printable_text_may_be_a_correlation_id(value: str) -> None:
    assert is_correlation_id(value)


@pytest.mark.parametrize("value", ["", "x" * 129, "two words", "line\nbreak", "ü", "\x00"])
def test_anything_else_may_not(value: str) -> None:
    assert not is_correlation_id(value)
