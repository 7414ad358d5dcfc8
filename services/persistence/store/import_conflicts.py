# SPDX-License-Identifier: Apache-2.0
"""Where an export and what is here are not the same session."""

from shared.errors import ConflictError
from shared.eventstore.entries import Entry
from shared.eventstore.writer import StoredKey


class ImportConflictError(ConflictError):
    """What is here is another session; ``sequence`` and ``field`` are where that shows first."""

    def __init__(self, sequence: int, field: str, reason: str) -> None:
        super().__init__(reason)
        self.sequence = sequence
        self.field = field


def require_equal(entry: Entry, known: StoredKey, *, erased: bool) -> None:
    """Return if the event that is stored at the place of ``entry`` is that event.

    What it said cannot be compared any more if it was ``erased`` here, or where it comes from.

    Raises:
        ImportConflictError: it is another one.
    """
    unsaid = erased or entry.erased_at is not None or entry.came_erased
    for field in ("event_id", "type") if unsaid else ("event_id", "type", "digest"):
        theirs, ours = getattr(entry, field), getattr(known, field)
        if theirs != ours:
            raise ImportConflictError(entry.sequence, field, _difference(entry, field, known))


def _difference(entry: Entry, field: str, known: StoredKey) -> str:
    if field == "digest":
        return f"event {entry.sequence} says something else here than in the export"
    theirs, ours = getattr(entry, field), getattr(known, field)
    name = field.replace("event_id", "id")
    return f"event {entry.sequence} has the {name} {ours} here, and {theirs} in the export"
