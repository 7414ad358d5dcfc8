# SPDX-License-Identifier: Apache-2.0
"""Approvals: what was asked of a person, and what they decided."""

from typing import Any

from pydantic_core import to_json

from services.persistence.projections.read_model import ByClass, ReadModel, Values, columns
from shared.events import (
    ApprovalDecided,
    ApprovalExpired,
    ApprovalRequested,
    Event,
    HITLDecisionMadeEvent,
    HITLTimeoutOccurredEvent,
)


def approval(event: Event) -> Values | None:
    """Return what an event changes in an approval, or None if it is about none."""
    changes = _changes(event)
    if not changes:
        return None
    return {
        "session_id": event.aggregate_id,
        "approval_id": getattr(event, "approval_id", ""),
        "first_sequence": event.sequence,
        "last_sequence": event.sequence,
        **changes,
    }


APPROVALS = ReadModel(
    name="approvals",
    key=("session_id", "approval_id"),
    columns=columns(
        last="last_sequence status decided_by reason decided_arguments decided_digest decided_at"
        " wait_seconds",
        first="first_sequence turn_id agent tool call_id arguments arguments_digest policy_version"
        " expires_at requested_at",
    ),
    projection=approval,
    concerns=lambda event_class: "approval_id" in event_class.model_fields,
)


@ByClass
def _changes(event: Event) -> Values:
    return {}


@_changes.register
def _(event: ApprovalRequested) -> Values:
    return {
        "status": "pending",
        "turn_id": event.turn_id,
        "agent": event.agent_type,
        "tool": event.tool,
        "call_id": event.call_id,
        "arguments": _json(event.arguments),
        "arguments_digest": event.arguments_digest,
        "policy_version": event.policy_version or None,
        "expires_at": event.expires_at,
        "requested_at": event.occurred_at,
    }


@_changes.register
def _(event: ApprovalDecided) -> Values:
    return {
        "status": event.decision,
        "decided_by": event.decided_by,
        "reason": event.reason or None,
        "decided_arguments": None if event.arguments is None else _json(event.arguments),
        "decided_digest": event.arguments_digest,
        "decided_at": event.occurred_at,
    }


@_changes.register
def _(event: ApprovalExpired) -> Values:
    return {"status": "expired", "decided_at": event.occurred_at}


@_changes.register(HITLDecisionMadeEvent)
@_changes.register(HITLTimeoutOccurredEvent)
def _(event: HITLDecisionMadeEvent | HITLTimeoutOccurredEvent) -> Values:
    return {"wait_seconds": event.wait_seconds}


def _json(arguments: dict[str, Any]) -> str:
    return to_json(arguments).decode()
