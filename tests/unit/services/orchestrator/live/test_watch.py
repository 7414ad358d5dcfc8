# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

from services.orchestrator.live import Piece, Watch
from services.orchestrator.live.watch import MAX_UNREAD

AT_ONCE = timedelta(0)


def piece(text: str, *, offset: int, step: int = 1) -> Piece:
    return Piece(turn_id="t", step=step, agent="ask", offset=offset, text=text)


def test_text_that_continues_is_joined() -> None:
    watch = Watch("s", text=True)
    watch.add(piece("Answ", offset=0))
    watch.add(piece("er", offset=4))

    assert watch.take() == [piece("Answer", offset=0)]
    assert watch.take() == []


def test_an_answer_that_begins_again_is_not_joined_to_the_void_one() -> None:
    watch = Watch("s", text=True)
    watch.add(piece("Answ", offset=0))
    watch.add(piece("Answer", offset=0))
    watch.add(piece("Next", offset=5, step=3))

    assert [each.text for each in watch.take()] == ["Answ", "Answer", "Next"]


def test_a_reader_far_behind_makes_no_memory_grow() -> None:
    """Safeguard: MAX_UNREAD."""
    watch = Watch("s", text=True)
    for number in range(3):
        watch.add(piece("x" * (MAX_UNREAD // 2), offset=number * (MAX_UNREAD // 2)))

    assert sum(len(each.text) for each in watch.take()) == MAX_UNREAD


def test_who_wants_no_text_gets_none() -> None:
    watch = Watch("s", text=False)
    watch.add(piece("x", offset=0))

    assert watch.take() == []


async def test_news_before_the_waiting_is_not_missed() -> None:
    watch = Watch("s", text=False)
    watch.take()
    watch.wake()

    assert await watch.changed(AT_ONCE)
    watch.take()
    assert not await watch.changed(AT_ONCE)
