# SPDX-License-Identifier: Apache-2.0
"""What the desk says of work on many letters over HTTP, and what it is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from services.dead_letters.letters.job import JobKind, JobState, Outcome
from services.dead_letters.letters.lifecycle import WAITING
from services.dead_letters.views import Choice, Name, Reason, Text, View

MAX_LETTERS = 100_000


class JobChoice(Choice):
    """Which letters a job takes: the open ones that meet all that is given, or the parked ones.

    Nothing is ever done to all letters because nothing was said.
    """

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("say which letters, by at least one filter")
        if self.status and self.status not in WAITING:
            raise ValueError("only an open or a parked letter can be redriven or discarded")
        return self


class JobRequest(View):
    """What to do with many letters, how fast, and when to stop. A dry run changes nothing.

    A redrive looks after every ``batch`` letters what became of them: it waits until all are
    handled or came back, at most ``wait`` seconds, and stops when more than the share
    ``stop_on_failures`` came back; 1 is never.
    """

    kind: JobKind
    operator: Name
    reason: Text = ""
    choice: JobChoice
    rate: float | None = Field(
        default=None, ge=0.01, le=1000, description="letters in a second at most"
    )
    batch: int = Field(default=50, ge=1, le=500)
    stop_on_failures: float = Field(default=0.5, ge=0, le=1)
    wait: float = Field(default=10, ge=0, le=3600)
    dry_run: bool = False

    @model_validator(mode="after")
    def _gives_a_reason(self) -> Self:
        if self.kind is JobKind.DISCARD and not self.reason:
            raise ValueError("letters are given up with a reason")
        return self


class JobSummary(View):
    """A job; of ``letters``, ``done`` were taken."""

    id: UUID
    kind: JobKind
    state: JobState
    operator: str
    reason: str
    choice: Mapping[str, str]
    rate: float | None
    batch: int
    stop_on_failures: float
    wait: float
    letters: int
    done: int
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    why_ended: str | None


class Job(JobSummary):
    """A job, and how many of its letters had which fate."""

    outcomes: Mapping[Outcome, int]


class JobPage(View):
    """Jobs, the newest first; ``next`` is the cursor of the next page if there is one."""

    items: list[JobSummary]
    next: UUID | None


class JobLetter(View):
    """A letter of a job at its place, and what became of it; ``error`` is why it was refused."""

    position: int
    id: UUID
    service: str | None
    session_id: str | None
    sequence: int | None
    outcome: Outcome
    error: str | None


class JobLetterPage(View):
    """Letters of a job in the order in which they are taken; ``next`` goes on after a page."""

    items: list[JobLetter]
    next: int | None


class JobStarted(View):
    """A job that was begun; or in a dry run the letters that it would take, the first of them."""

    dry_run: bool
    letters: int
    job: Job | None = None
    items: list[JobLetter] = Field(default_factory=list["JobLetter"])


class StopRequest(View):
    """Who stops a job, and why."""

    operator: Name
    reason: Reason
