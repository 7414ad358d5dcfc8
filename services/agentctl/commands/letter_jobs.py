# SPDX-License-Identifier: Apache-2.0
"""Has the desk work through many letters, and shows how far it is."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.job_view import OF_INTEREST, show_chosen, show_end
from services.agentctl.commands.letter_options import DESK, LetterChoice
from services.agentctl.commands.letter_progress import end_progress, show_progress
from services.agentctl.errors import CommandError, NoAnswerError
from services.agentctl.output import plural, print_json

JOBS = "/v1/jobs"
PAGE = 1000
POLL = 0.5
MANY = 10_000
"""Of so many letters a job is asked for half as often: the desk counts what became of them."""

Wish = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterJob:
    """What is to be done with the letters of a choice; the desk does it by itself."""

    services: Services
    wish: Wish
    as_json: bool

    @classmethod
    def of(
        cls, services: Services, kind: str, choice: LetterChoice, *, as_json: bool, **wish: Any
    ) -> "LetterJob":
        """Return a job of this kind; what is None is as the desk does it."""
        said = {name: value for name, value in wish.items() if value is not None}
        whole = {"kind": kind, "choice": choice.filters(), **said}
        return cls(services=services, wish=whole, as_json=as_json)

    def preview(self) -> None:
        """Show which letters would be taken, and in which order."""
        answer = self._ask(dry_run=True)
        if self.as_json:
            print_json(answer)
        else:
            show_chosen(answer, kind=self.wish["kind"])

    def run(self, *, yes: bool, detach: bool) -> None:
        """Begin the job, and show how far it is until it has ended.

        Raises:
            typer.Abort: a person was asked in a terminal and said no.
            CommandError: the job stopped before its end, or nobody knows how far it is.
            typer.Exit: the desk refused some of the letters.
        """
        if not yes and sys.stdin.isatty():
            self._agree(self._ask(dry_run=True)["letters"])
        job = self._ask(dry_run=False)["job"]
        if not detach:
            job = self._until_ended(job)
        outcomes = None if self.as_json else OF_INTEREST
        letters = letters_of(self.services, job["id"], outcomes=outcomes)
        show_end(job, letters, as_json=self.as_json)
        if job["state"] == "stopped":
            raise CommandError(f"stopped: {job['why_ended']}; begin again with what is open")
        if job["outcomes"].get("refused"):
            raise typer.Exit(1)

    def _ask(self, *, dry_run: bool) -> Any:
        return self.services.post(DESK, JOBS, {**self.wish, "dry_run": dry_run})

    def _agree(self, letters: int) -> None:
        if letters:
            question = f"{self.wish['kind']} {plural(letters, 'letter')}?"
            typer.confirm(question, abort=True, err=True)

    def _until_ended(self, job: Any) -> Any:
        """Return the job when it has ended.

        Raises:
            CommandError: somebody does not want to wait, or the desk is not there; it goes on.
        """
        try:
            while job["state"] == "running":
                show_progress(job["done"], job["letters"])
                sleep(POLL * (1 + job["letters"] / MANY))
                job = self.services.get(DESK, f"{JOBS}/{job['id']}")
        except (KeyboardInterrupt, NoAnswerError) as error:
            end_progress()
            why = f"{error}; " if isinstance(error, NoAnswerError) else ""
            raise CommandError(
                f"{why}the job goes on: `agentctl dlq jobs show {job['id']}` says how far it is,"
                f" `agentctl dlq jobs stop {job['id']}` ends it"
            ) from error
        end_progress()
        return job


def letters_of(
    services: Services, job_id: str, *, outcomes: Sequence[str] | None = None
) -> list[Any]:
    """Return the letters of a job in the order in which they are taken; of all outcomes if None."""
    path, found, after = f"{JOBS}/{job_id}/letters", list[Any](), 0
    wanted = list(outcomes) if outcomes else None
    while after is not None:
        page = services.get(DESK, path, outcome=wanted, after=after, limit=PAGE)
        found.extend(page["items"])
        after = page["next"]
    return found
