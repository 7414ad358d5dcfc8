# SPDX-License-Identifier: Apache-2.0
"""A record as a line that a person reads, or as two where the terminal is narrow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.text import Text

from services.agentctl.output import ROOMY
from services.agentctl.records.matching import short_type
from services.agentctl.text import one_line
from shared.events import EventLevel
from shared.messaging import Delivery, headers as names

WIDE = 140
"""From this width on, a session is named in full."""

PLACE_WIDTH = 20
SESSION_WIDTH = 36
SHORT_SESSION_WIDTH = 9
TYPE_WIDTH = 27
MOST_BYTES = 600
"""More of a value than any terminal has columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How much room there is; topics of the installation go without its ``prefix``."""

    prefix: str
    width: int
    with_session: bool = True

    @property
    def narrow(self) -> bool:
        """Tell whether there is no room for a payload beside the rest."""
        return self.width < ROOMY

    @property
    def session_width(self) -> int:
        """Return how many columns a session has."""
        return SESSION_WIDTH if self.width >= WIDE else SHORT_SESSION_WIDTH


def heading(layout: Layout) -> Text:
    """Return the names of the columns."""
    session = f"{'SESSION':{layout.session_width}}  " if layout.with_session else ""
    columns = f"{'TIME (UTC)':12}  {'RECORD':{PLACE_WIDTH}}  {'SEQ':>4}  {session}"
    payload = "" if layout.narrow else f"{'':{TYPE_WIDTH - 4}}  PAYLOAD"
    return Text(f"{columns}TYPE{payload}", style="bold")


def line(delivery: Delivery, layout: Layout) -> Text:
    """Return a record as a line, or as two."""
    record = delivery.record
    read = names.readable(record.headers)
    time = datetime.fromtimestamp(record.timestamp / 1000, UTC).strftime("%H:%M:%S.%f")[:12]
    topic = record.topic.removeprefix(f"{layout.prefix}.")
    place = one_line(f"{topic}/{record.partition}@{record.offset}")
    sequence = str(delivery.event.sequence) if delivery.event else "-"
    text = Text(f"{time}  {place:{PLACE_WIDTH}}  {sequence:>4}  ", style="dim")
    if layout.with_session:
        text.append(f"{_session(delivery, read.get(names.SUBJECT, ''), layout)}  ", style="cyan")
    style = "bold" if delivery.event and delivery.event.level == EventLevel.DOMAIN else ""
    text.append(f"{one_line(short_type(read.get(names.TYPE, '-'))):{TYPE_WIDTH}}", style=style)
    text.append("\n    " if layout.narrow else "  ")
    if trouble := _trouble(delivery):
        text.append(f"✗ {one_line(trouble)}  ", style="red")
    text.append(one_line(_payload(delivery)), style="dim")
    return text


def _session(delivery: Delivery, subject: str, layout: Layout) -> str:
    """Return the end of a session's id, for that is what tells young sessions apart."""
    name = one_line(delivery.event.aggregate_id if delivery.event else subject) or "-"
    columns = layout.session_width
    return f"{name:{columns}}" if len(name) <= columns else f"…{name[1 - columns :]}"


def _trouble(delivery: Delivery) -> str:
    """Return why a record is a dead letter, or why there is no event in it."""
    read = names.readable(delivery.record.headers)
    if service := read.get(names.ERROR_SERVICE):
        return f"{service}: {read.get(names.ERROR_MESSAGE) or read.get(names.ERROR_KIND, '')}"
    return str(delivery.problem) if delivery.problem else ""


def _payload(delivery: Delivery) -> str:
    """Return what an event says; else the beginning of the value."""
    if not delivery.event:
        return (delivery.record.value or b"")[:MOST_BYTES].decode(errors="replace")
    return payload_line(delivery.event.payload())


def payload_line(payload: Mapping[str, object]) -> str:
    """Return what an event says, identifiers last, and nothing that is empty."""
    said = sorted(payload.items(), key=lambda each: each[0].endswith("_id"))
    return "  ".join(f"{name}={_said(value)}" for name, value in said if _is_telling(name, value))


def _is_telling(name: str, value: object) -> bool:
    return name != "session_id" and value not in (None, "", [], {})


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
