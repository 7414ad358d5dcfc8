# SPDX-License-Identifier: Apache-2.0
"""Events with sensible values, so that a test states only what it is about."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import create_model

from shared.events import Event

E = TypeVar("E", bound=Event)

SESSION = "session-1"

_VALUES: Mapping[str, Any] = {
    "agent": "coder",
    "agent_type": "coder",
    "approval_id": "approval-1",
    "arguments_digest": "0" * 64,
    "at_sequence": 1,
    "budget": "tokens",
    "call_id": "call-1",
    "dead_letter_id": "letter-1",
    "decided_by": "reviewer",
    "decision": "approved",
    "digest": "0" * 64,
    "direction": "from",
    "duration_seconds": 0.25,
    "erased_by": "operator",
    "erased_session_id": "session-2",
    "error_message": "it broke",
    "error_type": "RuntimeError",
    "events": 3,
    "expires_at": "2026-11-28T12:00:00+00:00",
    "exported_session_id": "session-2",
    "from_agent": "orchestrator",
    "imported_session_id": "session-2",
    "input_tokens": 10,
    "instance": "instance-1",
    "limit": 100.0,
    "message_content": "hello",
    "message_id": "message-1",
    "message_length": 5,
    "model": "offline",
    "new_event_id": "01890000-0000-7000-8000-000000000001",
    "operator": "operator",
    "other_session_id": "session-2",
    "output_tokens": 5,
    "projection": "sessions",
    "reason": "because",
    "redacted_event_id": "01890000-0000-7000-8000-000000000002",
    "redrive_count": 1,
    "redrive_id": "redrive-1",
    "result_size": 20,
    "result_summary": "done",
    "role": "user",
    "scope": "all",
    "service": "audit",
    "service_version": "0.1.0",
    "session_id": SESSION,
    "state": "idle",
    "success": True,
    "to_agent": "coder",
    "tool": "read_file",
    "total_messages": 2,
    "turn_id": "turn-1",
    "uptime_seconds": 1.0,
    "used": 120.0,
    "wait_seconds": 1.0,
}


def an_event(event_class: type[E], **fields: Any) -> E:
    """Return an event of ``event_class`` with ``fields``, and usual values for the rest."""
    required = {
        name: _VALUES[name]
        for name, field in event_class.model_fields.items()
        if field.is_required() and name not in fields and name in _VALUES
    }
    values = {**required, **fields}
    if not values.get("session_id") and "aggregate_id" not in values:
        values["aggregate_id"] = "service:audit/instance-1"
    return event_class(**values)


def of_a_later_release(event: E) -> E:
    """Return the same event in a version that this release does not know."""
    later = _subclass(type(event))
    later.version = 9
    return later.model_validate(event.model_dump())


def _subclass(event_class: type[E]) -> type[E]:
    return create_model(event_class.__name__, __base__=event_class)
