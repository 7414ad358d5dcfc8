# SPDX-License-Identifier: Apache-2.0
"""Where a session is cut: three turns, of which the third waited while the second was in hand."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.orchestrator.domain.forking import (
    Cut,
    ForkPoint,
    StepMark,
    TurnMark,
    UnforkableError,
    cut,
)

LAST = 40


def turn(number: int, *sequences: int, last: int | None, agents: str = "aaaaa") -> TurnMark:
    """Return a turn with a step at each of these events, by the agents of these names."""
    steps = [
        StepMark(index=index, agent=agents[index], sequence=sequence)
        for index, sequence in enumerate(sequences)
    ]
    return TurnMark(
        id=f"turn-{number}",
        number=number,
        agent=agents[len(steps) - 1],
        ended=last is not None,
        last=last,
        steps=steps,
    )


TURNS = [
    turn(1, 4, 8, last=12, agents="ab"),
    turn(2, 13, 18, 22, 25, last=29, agents="bbbc"),
    turn(3, 15, 33, last=36, agents="cd"),
]


def fork(
    turns: Sequence[TurnMark] = TURNS,
    *,
    sequence: int | None = None,
    before_turn: str | None = None,
    after_turn: str | None = None,
) -> Cut:
    point = ForkPoint(sequence=sequence, before_turn=before_turn, after_turn=after_turn)
    return cut(turns, point, last=LAST, agent="z")


def kept(found: Cut) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the numbers of the whole turns, and number and last step of those taken up again."""
    return (
        [each.number for each in found.whole],
        [(each.turn.number, each.kept) for each in found.reopened],
    )


@pytest.mark.parametrize(
    ("sequence", "whole", "reopened"),
    [
        (0, [], []),
        (3, [], []),
        (4, [], [(1, 0)]),
        (8, [], [(1, 0)]),
        (11, [], [(1, 0)]),
        (12, [1], []),
        (14, [1], [(2, 0)]),
        (18, [1], [(2, 0), (3, 0)]),
        (22, [1], [(2, 2), (3, 0)]),
        (28, [1], [(2, 2), (3, 0)]),
        (29, [1, 2], [(3, 0)]),
        (36, [1, 2, 3], []),
        (40, [1, 2, 3], []),
    ],
)
def test_what_had_ended_goes_along_and_what_was_in_hand_is_taken_up_again(
    sequence: int, whole: list[int], reopened: list[tuple[int, int]]
) -> None:
    """An answer whose calls were open is not kept: without their results a model refuses it."""
    found = fork(sequence=sequence)

    assert kept(found) == (whole, reopened)
    assert found.sequence == sequence


def test_without_a_point_all_of_it_goes_along() -> None:
    found = fork()

    assert kept(found) == ([1, 2, 3], [])
    assert (found.sequence, found.agent, found.is_end) == (LAST, "z", True)


def test_a_turn_that_has_not_ended_is_taken_up_again_at_the_end() -> None:
    found = fork([*TURNS[:2], turn(3, 15, 33, 35, last=None)])

    assert kept(found) == ([1, 2], [(3, 2)])
    assert not found.is_end


@pytest.mark.parametrize("name", ["3", "turn-3"])
def test_before_a_turn_the_earlier_ones_go_along_whole(name: str) -> None:
    """Its message came while turn 2 was in hand, and its model read the answer of turn 2."""
    found = fork(before_turn=name)

    assert kept(found) == ([1, 2], [])
    assert found.sequence == 29


def test_after_a_turn_it_is_the_last_one() -> None:
    found = fork(after_turn="2")

    assert kept(found) == ([1, 2], [])
    assert (found.sequence, found.agent, found.is_end) == (29, "c", False)
    assert fork(after_turn="3").is_end


@pytest.mark.parametrize(
    ("point", "agent"),
    [
        ({"before_turn": "1"}, "b"),
        ({"before_turn": "3"}, "d"),
        ({"sequence": 22}, "c"),
        ({"sequence": 18}, "b"),
        ({"sequence": 12}, "b"),
        ({"sequence": 2}, "b"),
    ],
)
def test_the_agent_is_the_one_that_went_on_from_there(point: dict[str, Any], agent: str) -> None:
    assert fork(**point).agent == agent


@pytest.mark.parametrize(
    ("point", "word"),
    [
        ({"sequence": LAST + 1}, "40 events"),
        ({"before_turn": "4"}, "no turn '4'"),
        ({"after_turn": "nothing"}, "no turn"),
    ],
)
def test_a_point_that_is_not_there_is_refused(point: dict[str, Any], word: str) -> None:
    with pytest.raises(UnforkableError, match=word):
        fork(**point)


def test_after_a_turn_in_hand_is_refused() -> None:
    with pytest.raises(UnforkableError, match="has not ended"):
        fork([*TURNS[:2], turn(3, 15, last=None)], after_turn="3")


def test_a_turn_of_an_earlier_version_is_forked_at_the_end_only() -> None:
    old = TurnMark(
        id="t",
        number=1,
        agent="a",
        ended=True,
        last=None,
        steps=[StepMark(index=0, agent="a", sequence=None)],
    )

    assert kept(fork([old])) == ([1], [])
    with pytest.raises(UnforkableError, match="earlier version"):
        fork([old], sequence=5)
