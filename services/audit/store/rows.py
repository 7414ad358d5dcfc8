# SPDX-License-Identifier: Apache-2.0
"""Entries, contents and heads as rows of their tables, and back."""

from typing import Any

from services.audit.store.selecting import AnyRow
from services.audit.trail.appending import Appended, Head
from services.audit.trail.entry import Contents, Entry, EventIdentity
from services.audit.transparency import Frontier
from services.audit.transparency.merkle import HASH_BYTES

Values = tuple[Any, ...]
"""The values of a row, in the order of the columns of its table."""

_NO_EVENT = (None,) * 7


def entry_values(appended: Appended) -> Values:
    """Return a row of ``entries``."""
    entry = appended.observation.entry
    return (
        *appended.place,
        appended.observation.leaf_hash,
        entry.offset,
        entry.timestamp,
        entry.headers_digest,
        entry.payload_digest,
        entry.problem,
        *(_event_values(entry.event) if entry.event else _NO_EVENT),
        *(appended.duplicate_of or (None, None)),
    )


def _event_values(event: EventIdentity) -> Values:
    return (
        event.event_id,
        event.event_type,
        event.aggregate_id,
        event.session_id,
        event.sequence,
        event.correlation_id,
        event.causation_id,
    )


def read_entry(row: AnyRow, *, origin: str) -> Entry:
    """Return the entry that a row of ``entries`` holds."""
    return Entry(
        event=_read_event(row) if row.event_id else None,
        headers_digest=row.headers_digest,
        offset=row.offset,
        origin=origin,
        payload_digest=row.payload_digest,
        problem=row.problem,
        timestamp=row.timestamp,
    )


def _read_event(row: AnyRow) -> EventIdentity:
    return EventIdentity(
        aggregate_id=row.aggregate_id,
        causation_id=row.causation_id,
        correlation_id=row.correlation_id,
        event_id=row.event_id,
        event_type=row.event_type,
        sequence=row.sequence,
        session_id=row.session_id,
    )


def contents_values(appended: Appended) -> Values:
    """Return a row of ``contents``."""
    held = appended.observation.contents
    return (*appended.place, held.salt, held.key, held.value, held.headers)


def read_contents(row: AnyRow) -> Contents:
    """Return what a row of ``contents`` holds."""
    return Contents(salt=row.salt, key=row.key, value=row.value, headers=row.headers)


def head_values(head: Head) -> dict[str, Any]:
    """Return what changes in a row of ``heads``."""
    return {
        "size": head.frontier.size,
        "peaks": b"".join(head.frontier.peaks),
        "first_offset": head.first_offset,
        "last_offset": head.last_offset,
        "rewritten": head.rewritten,
    }


def read_head(row: AnyRow) -> Head:
    """Return the head that a row of ``heads`` holds."""
    peaks = [row.peaks[at : at + HASH_BYTES] for at in range(0, len(row.peaks), HASH_BYTES)]
    return Head(
        log_id=row.log_id,
        frontier=Frontier(size=row.size, peaks=tuple(peaks)),
        first_offset=row.first_offset,
        last_offset=row.last_offset,
        rewritten=row.rewritten,
    )
