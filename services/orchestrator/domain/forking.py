# SPDX-License-Identifier: Apache-2.0
"""Where a session is cut to be forked: which turns go along whole, and which are taken up again.

A turn goes along whole if it had ended at the point. One that was in hand, or waited for its turn,
is done again from what was recorded of it by then: its requests with their results, never an answer
of a model whose calls were still open. What is recorded in one transaction belongs together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import PermanentError


class UnforkableError(PermanentError):
    """The session has no such point, or it cannot be forked there; the message says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMark:
    """A recorded step: its place in the turn, who took it, and the event that it came with."""

    index: int
    agent: str
    sequence: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnMark:
    """A recorded turn; ``last`` is the event that it ended with, ``agent`` who has it now."""

    id: str
    number: int
    agent: str
    ended: bool
    last: int | None
    steps: Sequence[StepMark]

    @property
    def first(self) -> int | None:
        """The event that brought its message."""
        return self.steps[0].sequence if self.steps else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkPoint:
    """One of: the last event that counts, the turn before or after which to cut; or the end.

    A turn is named by its number or its id.
    """

    sequence: int | None = None
    before_turn: str | None = None
    after_turn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """A turn that is done again from a step on: ``kept`` is the last one that goes along."""

    turn: TurnMark
    kept: int

    @property
    def agent(self) -> str:
        """Who was about to go on with it."""
        following = [each for each in self.turn.steps if each.index == self.kept + 1]
        return following[0].agent if following else self.turn.agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What of a session goes along into a fork, as of the event ``sequence``.

    ``agent`` was in charge then; ``is_end`` tells that nothing of the session is left out.
    """

    sequence: int
    whole: Sequence[TurnMark]
    reopened: Sequence[Reopened]
    agent: str
    is_end: bool


def cut(turns: Sequence[TurnMark], point: ForkPoint, *, last: int, agent: str) -> Cut:
    """Return what goes along; ``last`` is the session's last event, ``agent`` who has it now.

    Raises:
        UnforkableError: there is no such point.
    """
    if point.before_turn is not None:
        turn = _named(turns, point.before_turn)
        return _before(turns, turn, agent=agent)
    if point.after_turn is not None:
        turn = _named(turns, point.after_turn)
        return _after(turns, turn)
    if point.sequence is None:
        return _until(turns, last, last=last, agent=agent)
    if point.sequence > last:
        raise UnforkableError(f"the session has {last} events, so there is none {point.sequence}")
    return _until(turns, point.sequence, last=last, agent=agent)


def _before(turns: Sequence[TurnMark], turn: TurnMark, *, agent: str) -> Cut:
    """Cut right before a turn, with whoever began to work on it.

    Its message may have come while an earlier turn was in hand; that one goes along whole, as it
    did for the model that read it.
    """
    earlier = [each for each in turns if each.number < turn.number]
    begin = _begin(turn) - 1
    whole = [each for each in earlier if each.ended]
    return Cut(
        sequence=max([begin, *(each.last or 0 for each in whole)]),
        whole=whole,
        reopened=[_reopened(each, begin) for each in earlier if not each.ended],
        agent=Reopened(turn=turn, kept=0).agent or agent,
        is_end=False,
    )


def _after(turns: Sequence[TurnMark], turn: TurnMark) -> Cut:
    if not turn.ended or turn.last is None:
        raise UnforkableError(f"turn {turn.number} has not ended; fork before it, or at an event")
    whole = [each for each in turns if each.number <= turn.number]
    later = [each for each in turns if each.number > turn.number]
    return Cut(
        sequence=turn.last,
        whole=whole,
        reopened=[],
        agent=turn.agent,
        is_end=not later,
    )


def _until(turns: Sequence[TurnMark], sequence: int, *, last: int, agent: str) -> Cut:
    is_end = sequence == last
    begun = [each for each in turns if is_end or _begin(each) <= sequence]
    whole = [each for each in begun if (is_end and each.ended) or _ended_by(each, sequence)]
    open_turns = [each for each in begun if each not in whole]
    reopened = [_reopened(each, sequence) for each in open_turns]
    return Cut(
        sequence=sequence,
        whole=whole,
        reopened=reopened,
        agent=agent if is_end else _in_charge(turns, whole, reopened, agent),
        is_end=is_end and not reopened,
    )


def _in_charge(
    turns: Sequence[TurnMark],
    whole: Sequence[TurnMark],
    reopened: Sequence[Reopened],
    agent: str,
) -> str:
    if reopened:
        return reopened[0].agent
    if whole:
        return whole[-1].agent
    return Reopened(turn=turns[0], kept=0).agent if turns else agent


def _reopened(turn: TurnMark, sequence: int) -> Reopened:
    """Keep the last request that was recorded by then; a model's answer has an odd index."""
    known = [
        each.index
        for each in turn.steps
        if each.index % 2 == 0 and (each.sequence is None or each.sequence <= sequence)
    ]
    return Reopened(turn=turn, kept=max(known, default=0))


def _ended_by(turn: TurnMark, sequence: int) -> bool:
    return turn.ended and turn.last is not None and turn.last <= sequence


def _begin(turn: TurnMark) -> int:
    if turn.first is None:
        raise UnforkableError(
            f"turn {turn.number} was recorded by an earlier version, which did not note its events;"
            " fork at the end of the session"
        )
    return turn.first


def _named(turns: Sequence[TurnMark], name: str) -> TurnMark:
    for each in turns:
        if name in {each.id, str(each.number)}:
            return each
    raise UnforkableError(f"the session has no turn {name!r}; it has {len(turns)}")
