# SPDX-License-Identifier: Apache-2.0
"""How people in the loop are asked."""

from typing import Literal

from pydantic import Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class HitlEvent(SessionInfrastructureEvent):
    """What all events about a person's decision share."""

    category = EventCategory.HITL
    approval_id: str
    tool: str = ""


class HITLApprovalRequestedEvent(HitlEvent):
    """A decision is open."""

    event_type = EventType.HITL_APPROVAL_REQUESTED


class HITLDecisionMadeEvent(HitlEvent):
    """A person decided; the wait is in seconds."""

    event_type = EventType.HITL_DECISION_MADE
    decision: Literal["approved", "edited", "rejected"]
    wait_seconds: float = Field(ge=0)


class HITLTimeoutOccurredEvent(HitlEvent):
    """The time for the decision ran out; the wait is in seconds."""

    event_type = EventType.HITL_TIMEOUT_OCCURRED
    wait_seconds: float = Field(ge=0)
