# SPDX-License-Identifier: Apache-2.0
"""What became of letters that were sent back, as far as the desk can tell."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.agentctl.client import Services
from services.agentctl.commands.letter_options import DESK

AT_ONCE = 100
"""How many letters the desk is asked for in one request."""

POLL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """Sees which letters come back.

    The desk hears of a letter again only if it fails again: one that does not come back within
    ``wait`` seconds counts as handled.
    """

    services: Services
    wait: float
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def await_all(self, sent: Mapping[str, str], *, enough: int) -> set[str]:
        """Return the letters that came back, when ``enough`` of them did or the wait is over.

        ``sent`` has the id of the redrive of each letter.
        """
        until = self.now() + self.wait
        returned = self.returned(sent)
        while len(returned) < enough and self.now() < until:
            self.sleep(min(POLL, self.wait))
            returned = self.returned(sent)
        return returned

    def returned(self, sent: Mapping[str, str]) -> set[str]:
        """Return the letters that have failed after just this redrive."""
        ids = list(sent)
        return {
            each["id"]
            for start in range(0, len(ids), AT_ONCE)
            for each in self._letters(ids[start : start + AT_ONCE])
            if each["id"] in sent and _failed_again(each, sent[each["id"]])
        }

    def _letters(self, ids: list[str]) -> list[Any]:
        page = self.services.get(DESK, "/v1/dead-letters", id=ids, limit=AT_ONCE)
        return list(page["items"])


def _failed_again(letter: Any, redrive_id: str) -> bool:
    return bool(letter["redrive_id"] == redrive_id and letter["status"] in {"open", "parked"})
