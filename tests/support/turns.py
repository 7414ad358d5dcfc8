# SPDX-License-Identifier: Apache-2.0
"""Sessions and turns as they are recorded, with only what a test is about."""

from datetime import UTC, datetime
from typing import Any

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import Turn, TurnState

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_session(**fields: Any) -> Session:
    """Return a session in which nothing has happened."""
    common: dict[str, Any] = {
        "id": "s",
        "state": SessionState.ACTIVE,
        "agent": "a",
        "title": "",
        "created_by": "",
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "last_sequence": 0,
        "agent_sequence": 0,
        "message_count": 0,
        "turn_count": 0,
    }
    return Session(**{**common, **fields})


def a_turn(**fields: Any) -> Turn:
    """Return a turn that has just begun."""
    common: dict[str, Any] = {
        "id": "t",
        "session_id": "s",
        "number": 1,
        "state": TurnState.RUNNING,
        "agent": "a",
        "message": "hello",
        "correlation_id": "c",
        "causation_id": None,
        "trace": None,
        "accepted_at": MOMENT,
        "started_at": MOMENT,
        "agent_started_at": MOMENT,
        "asking_id": None,
        "handovers": 0,
        "reply": None,
        "error": None,
    }
    return Turn(**{**common, **fields})
