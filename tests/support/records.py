# SPDX-License-Identifier: Apache-2.0
"""Records as they are read, with and without an event."""

from shared.events import MessageReceived, Topics
from shared.messaging import Delivery, Record, deliver, encode
from shared.messaging.headers import Headers

TIMESTAMP_MS = 1_772_366_400_123
"""2026-03-01 12:00:00.123 UTC."""


def a_delivery(*, session: str = "s-1", correlation: str = "c-1", text: str = "hello") -> Delivery:
    """Return a message of a person, as a consumer gets it."""
    event = MessageReceived(
        session_id=session,
        correlation_id=correlation,
        sequence=7,
        source=f"/orchestrator/sessions/{session}",
        message_content=text,
        message_length=len(text),
        message_id="m-1",
        turn_id="t-1",
    )
    out = encode(event, Topics())
    return deliver(Record(out.topic, 2, 5, TIMESTAMP_MS, out.key, out.value, out.headers))


def undecodable(
    *,
    topic: str = "agent-runtime.domain",
    key: bytes | None = b"k",
    value: bytes | None = b"no event",
    headers: Headers = (),
) -> Delivery:
    """Return a record that holds no event, as a consumer gets it."""
    return deliver(Record(topic, 2, 5, TIMESTAMP_MS, key, value, headers))
