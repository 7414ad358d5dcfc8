# SPDX-License-Identifier: Apache-2.0
"""Work on many letters: what it does next, and when too much of it fails.

running ──all letters done──▶ completed
   └──too many came back, or an operator──▶ stopped
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    """What is done with each letter."""

    REDRIVE = "redrive"
    DISCARD = "discard"


class JobState(StrEnum):
    """Where a job is in its life."""

    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"


class Outcome(StrEnum):
    """What became of a letter of a job."""

    WAITING = "waiting"
    SENT = "sent"
    HANDLED = "handled"
    CAME_BACK = "came_back"
    DISCARDED = "discarded"
    REFUSED = "refused"


class Step(StrEnum):
    """What a job does next."""

    ACT = "act"
    JUDGE = "judge"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: of ``letters``, ``done`` were taken, and the first ``judged`` looked at."""

    kind: JobKind
    letters: int
    done: int
    judged: int
    batch: int

    @property
    def next_step(self) -> Step:
        """Return what to do next: a letter, or to see what became of the last batch."""
        unjudged = self.done - self.judged
        is_over = self.done >= self.letters
        if self.kind is JobKind.REDRIVE and unjudged and (unjudged >= self.batch or is_over):
            return Step.JUDGE
        return Step.COMPLETE if is_over else Step.ACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """What became of the letters of a batch that were sent."""

    sent: int
    handled: int
    came_back: int

    def too_many(self, *, share: float) -> bool:
        """Tell whether more than ``share`` of them came back."""
        return self.came_back > math.floor(share * self.sent)

    def may_be_too_many(self, *, share: float) -> bool:
        """Tell whether that depends on the others, so that it is worth waiting for them."""
        unknown = self.sent - self.handled - self.came_back
        most = math.floor(share * self.sent)
        return self.came_back <= most < self.came_back + unknown
