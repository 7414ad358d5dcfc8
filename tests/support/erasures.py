# SPDX-License-Identifier: Apache-2.0
"""Sessions with secrets in them, the order to erase one, and what is left."""

from collections.abc import Sequence
from typing import Any

from shared.events import Event, SessionErased, SessionErasedEvent
from shared.events.content import CONTENT, without_content
from shared.messaging import decode
from tests.support.event_streams import delivered
from tests.support.secrets import SECRET


def secretive(events: Sequence[Event]) -> list[Event]:
    """Return events all of whose texts by people and models have the secret in them."""
    return [
        each.model_copy(
            update={
                name: f"{SECRET} {value}"
                for name, value in each
                if name in CONTENT and isinstance(value, str)
            }
        )
        for each in events
    ]


def order(after: Sequence[Event]) -> list[Event]:
    """Return the order to erase the session of ``after``, as it comes on both topics."""
    place: dict[str, Any] = {"session_id": after[0].aggregate_id, "source": after[0].source}
    said = SessionErased(
        **place, sequence=len(after) + 1, erased_by="ann", erasure_reason="ticket 7"
    )
    return [said, SessionErasedEvent(**place, sequence=len(after) + 2, operator="ann")]


def blank(events: Sequence[Event]) -> list[Event]:
    """Return events as they are without content."""
    found: list[Event] = []
    for delivery in delivered(events):
        record = delivery.record
        value = without_content(record.value or b"")
        found.append(decode(type(record)("", 0, 0, 0, record.key, value, record.headers)))
    return found
