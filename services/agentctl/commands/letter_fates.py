# SPDX-License-Identifier: Apache-2.0
"""What became of letters that were sent back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.agentctl.client import Services
from services.agentctl.commands.letter_options import DESK

AT_ONCE = 100
"""How many letters the desk is asked for in one request."""

POLL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Which letters came back after just this redrive, and which were handled."""

    returned: set[str] = field(default_factory=set[str])
    handled: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """Sees which letters come back and which are handled.

    A service that is older than the desk does not say what it has handled: a letter of which
    nothing is heard within ``wait`` seconds is left as sent.
    """

    services: Services
    wait: float
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def await_all(self, sent: Mapping[str, str], *, enough: int) -> Fate:
        """Return what became of letters when ``enough`` came back, all are done, or time is up.

        ``sent`` has the id of the redrive of each letter.
        """
        until = self.now() + self.wait
        fate = self.of(sent)
        while self._is_open(fate, sent, enough) and self.now() < until:
            self.sleep(min(POLL, self.wait))
            fate = self.of(sent)
        return fate

    @staticmethod
    def _is_open(fate: Fate, sent: Mapping[str, str], enough: int) -> bool:
        done = len(fate.returned) + len(fate.handled)
        return len(fate.returned) < enough and done < len(sent)

    def of(self, sent: Mapping[str, str]) -> Fate:
        """Return what has become of letters until now."""
        ids, fate = list(sent), Fate()
        for start in range(0, len(ids), AT_ONCE):
            for each in self._letters(ids[start : start + AT_ONCE]):
                if sent.get(each["id"]) != each["redrive_id"]:
                    continue
                if each["status"] in {"open", "parked"}:
                    fate.returned.add(each["id"])
                elif each["status"] == "resolved":
                    fate.handled.add(each["id"])
        return fate

    def _letters(self, ids: list[str]) -> list[Any]:
        page = self.services.get(DESK, "/v1/dead-letters", id=ids, limit=AT_ONCE)
        return list(page["items"])
