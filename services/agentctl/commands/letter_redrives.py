# SPDX-License-Identifier: Apache-2.0
"""Sends many letters back, batch by batch, and stops when too many of them come back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.agentctl.client import Services
from services.agentctl.commands.letter_actions import Result, act_on
from services.agentctl.commands.letter_fates import Fate, Fates
from services.agentctl.commands.letter_pace import Pace, end_progress, show_progress
from services.agentctl.commands.letter_selection import Letter
from services.agentctl.errors import NoAnswerError
from services.agentctl.output import plural

CAME_BACK = "came back"
HANDLED = "handled"
NOT_SENT = "not sent"
REFUSED = "refused"
SENT = "sent"
UNKNOWN = "no answer"
WOULD_BE_SENT = "would be sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrives:
    """A run over letters in their order; ``results`` has one for each that it came to.

    The desk sends a letter only while it waits there and was redriven as often as when it was
    chosen, so that however often a run is repeated, or at how many places, each is sent once.
    """

    services: Services
    wish: Mapping[str, Any]
    batch: int
    most_returned: float
    pace: Pace
    fates: Fates
    results: dict[str, Result] = field(default_factory=dict[str, Result])

    def run(self, letters: Sequence[Letter]) -> str | None:
        """Send the letters; return why it stopped before the end, or None."""
        try:
            stopped = self._batches(letters)
            self._note(self.fates.of(self._sent(letters)))
        except NoAnswerError as error:
            stopped = str(error)
        end_progress()
        for each in letters:
            self.results.setdefault(each["id"], _result(each, NOT_SENT))
        return stopped

    def _batches(self, letters: Sequence[Letter]) -> str | None:
        for start in range(0, len(letters), self.batch):
            batch = letters[start : start + self.batch]
            for each in batch:
                self._send(each)
                show_progress(len(self.results), len(letters))
            show_progress(len(self.results), len(letters), rest=", waiting for what comes back")
            stopped = self._too_many_returned(batch)
            if stopped:
                return stopped
        return None

    def _send(self, letter: Letter) -> None:
        self.pace.wait()
        body = {**self.wish, "redrive_count": letter["redrive_count"]}
        self.results[letter["id"]] = _result(letter, UNKNOWN)
        answer = act_on(self.services, letter["id"], "redrive", body)
        if "error" in answer:
            result = _result(letter, REFUSED, error=answer["error"])
        else:
            outcome = WOULD_BE_SENT if answer["dry_run"] else SENT
            known = {name: answer[name] for name in ("topic", "redrive_id")}
            result = _result(letter, outcome, **known)
        self.results[letter["id"]] = result

    def _too_many_returned(self, batch: Sequence[Letter]) -> str | None:
        """Return why to stop, once more than the given share of the batch came back."""
        sent = self._sent(batch)
        too_many = math.floor(self.most_returned * len(sent)) + 1
        if too_many > len(sent):
            return None
        fate = self.fates.await_all(sent, enough=too_many)
        self._note(fate)
        if len(fate.returned) < too_many:
            return None
        return f"{len(fate.returned)} of the last {plural(len(sent), 'letter')} came back"

    def _sent(self, letters: Sequence[Letter]) -> dict[str, str]:
        found = [self.results[each["id"]] for each in letters if each["id"] in self.results]
        return {each["id"]: each["redrive_id"] for each in found if each["outcome"] == SENT}

    def _note(self, fate: Fate) -> None:
        for each in fate.returned:
            self.results[each]["outcome"] = CAME_BACK
        for each in fate.handled:
            self.results[each]["outcome"] = HANDLED


def _result(letter: Letter, outcome: str, **known: Any) -> Result:
    names = ("id", "service", "session_id", "sequence")
    return {**{name: letter[name] for name in names}, "outcome": outcome, **known}
