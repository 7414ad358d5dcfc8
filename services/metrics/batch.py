# SPDX-License-Identifier: Apache-2.0
"""A batch of changes in the words of the script that applies it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.metrics.changes import Changes, First, Key, SessionChange

PREFIX: Final = "agent-runtime:metrics:"
TOTALS: Final = f"{PREFIX}totals"

Mark = tuple[str, int]
"""The aggregate and the sequence number of an event."""

_BITS = 16
_CHUNK = 1 << _BITS
"""Events that one key remembers; a number far ahead of all others takes 8 KB at most."""


def session_key(session_id: str) -> str:
    """Return the key of the figures of a session."""
    return f"{PREFIX}session:{session_id}"


def field_of(key: Key) -> str:
    """Return the field of the totals that holds a figure."""
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))


def key_of(field: bytes) -> Key:
    """Return the figure that a field of the totals holds."""
    return tuple(json.loads(field))


class Marks:
    """Where a ledger remembers which events it has counted."""

    def __init__(self, ledger: str) -> None:
        self._prefix = f"{PREFIX}seen:{ledger}:"

    def place(self, mark: Mark) -> tuple[str, int]:
        """Return the key and the bit of an event."""
        aggregate, sequence = mark
        return f"{self._prefix}{aggregate}:{sequence >> _BITS}", sequence % _CHUNK

    def places(self, marks: Iterable[Mark]) -> list[tuple[str, list[int]]]:
        """Return the keys of some events, each with its bits."""
        bits: dict[str, list[int]] = {}
        for mark in marks:
            key, bit = self.place(mark)
            bits.setdefault(key, []).append(bit)
        return list(bits.items())


def encode(marks: Marks, events: Iterable[Mark], changes: Changes) -> str:
    """Return the last argument of the script."""
    batch: dict[str, Any] = {
        "seen": marks.places(events),
        "totals": [[field_of(key), str(amount)] for key, amount in changes.totals.items()],
        "names": [[names_key(kind), sorted(names)] for kind, names in changes.names.items()],
        "sessions": [_session(*each) for each in changes.sessions.items()],
        "firsts": [_first(each) for each in changes.firsts],
    }
    return json.dumps(batch, ensure_ascii=False, separators=(",", ":"))


def names_key(kind: str) -> str:
    """Return the key of the label values of a kind that have a name of their own."""
    return f"{PREFIX}names:{kind}"


def refused(reply: Iterable[bytes], kinds: Iterable[str]) -> Mapping[str, set[str]]:
    """Return the label values that the script has no room for, by kind."""
    kind_of = {names_key(kind): kind for kind in kinds}
    found: dict[str, set[str]] = {}
    words = iter(reply)
    for key, name in zip(words, words, strict=True):
        found.setdefault(kind_of[key.decode()], set()).add(name.decode())
    return found


def _session(session_id: str, change: SessionChange) -> list[Any]:
    sums = [[name, str(amount)] for name, amount in change.sums.items()]
    return [session_key(session_id), sums, change.first_at, change.last_at]


def _first(first: First) -> list[str]:
    return [session_key(first.session_id), first.flag, first.beside, field_of(first.key)]
