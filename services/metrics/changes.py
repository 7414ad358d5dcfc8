# SPDX-License-Identifier: Apache-2.0
"""What a batch of events adds to the figures."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.metrics.names import OTHER

Key = tuple[str, ...]
"""A figure: its name, then the values of its labels."""

MAX_LABEL_LENGTH: Final = 120
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Free:
    """A value of a label that users make up (a model, a tool): there could be any number."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Increment:
    """An amount to add to a figure."""

    name: str
    labels: tuple[str | Free, ...] = ()
    amount: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Adds one to ``key`` when ``flag`` of a session is raised for the first time.

    With ``beside``, when both flags are up, in whatever order they were raised.
    """

    session_id: str
    flag: str
    key: Key
    beside: str = ""


@dataclass(slots=True)
class SessionChange:
    """What a batch adds to the figures of one session; times in microseconds since 1970."""

    sums: dict[str, int] = field(default_factory=dict[str, int])
    first_at: int = 0
    last_at: int = 0


@dataclass(slots=True, kw_only=True)
class Changes:
    """What a batch adds; ``names`` are the free label values in it, by their kind."""

    totals: dict[Key, int] = field(default_factory=dict[Key, int])
    names: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    sessions: dict[str, SessionChange] = field(default_factory=dict[str, SessionChange])
    firsts: set[First] = field(default_factory=set[First])

    def add(self, increments: Iterable[Increment], refused: "Refused") -> None:
        """Add ``increments``; what is ``refused`` a name of its own is counted as other."""
        for each in increments:
            if each.amount:
                key = (each.name, *[self._label(label, refused) for label in each.labels])
                self.totals[key] = self.totals.get(key, 0) + each.amount

    def _label(self, label: str | Free, refused: "Refused") -> str:
        if isinstance(label, str):
            return label
        value = label.value or UNKNOWN
        if len(value) > MAX_LABEL_LENGTH or value in refused.get(label.kind, ()):
            return OTHER
        if value != OTHER:
            self.names.setdefault(label.kind, set()).add(value)
        return value


Refused = Mapping[str, Collection[str]]
"""The label values, by kind, for which there is no room any more."""
