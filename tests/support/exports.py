# SPDX-License-Identifier: Apache-2.0
"""Exports as files hold them, and what can be done to them by somebody who knows the format."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.persistence.exchange import Lines, end, exported, manifest
from shared.events import Event, Topics
from shared.eventstore import StoredEvent
from shared.eventstore.entries import entry_of
from shared.messaging import Record, encode

EXPORTED_AT = datetime(2026, 11, 23, tzinfo=UTC)
RECORDED_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)

Fields = dict[str, Any]


def export_of(events: Sequence[Event], *, session_id: str = "session-1") -> bytes:
    """Return the export of a session of another installation, which read it from Kafka."""
    lines = [exported(_stored(event, offset)) for offset, event in enumerate(events)]
    return sealed(manifest_of(len(events), session_id=session_id), lines)


def manifest_of(events: int, *, session_id: str = "session-1") -> Fields:
    """Return the first line of an export."""
    return manifest(session_id, events=events, exported_at=EXPORTED_AT, installation="there")


def sealed(first: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bytes:
    """Return lines of events as an export, with digests that fit."""
    writer = Lines()
    return b"".join(map(writer.line, (first, *lines, end(len(lines)))))


def event_lines(export: bytes) -> list[Fields]:
    """Return what an export says of events, without the digests."""
    found = [json.loads(line) for line in export.splitlines()[1:-1]]
    return [{name: value for name, value in each.items() if name != "digest"} for each in found]


def changed(export: bytes, sequence: int, change: Callable[[Fields], Any]) -> bytes:
    """Return an export with the line of one event changed, and digests that fit."""
    lines = event_lines(export)
    change(lines[sequence - 1])
    return sealed(manifest_of(len(lines)), lines)


def _stored(event: Event, offset: int) -> StoredEvent:
    written = encode(event, Topics())
    record = Record(written.topic, 3, offset, 7, written.key, written.value, written.headers)
    return StoredEvent.of(entry_of(event, record), recorded_at=RECORDED_AT)
