# SPDX-License-Identifier: Apache-2.0
"""What people decide."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from shared.events.base import DomainEvent


class ApprovalRequested(DomainEvent):
    """A tool call waits for a person; bound to the digest of its exact arguments.

    ``about`` is ``outcome`` if a crash cut the call off, so that nobody knows whether it had its
    effect: may it be made again?
    """

    approval_id: str
    turn_id: str
    agent_type: str
    tool: str
    call_id: str
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    arguments_digest: str
    policy_version: str = ""
    expires_at: AwareDatetime | None = None
    about: Literal["call", "outcome"] = "call"


class ApprovalDecided(DomainEvent):
    """A person approved, edited or rejected the call, once."""

    approval_id: str
    turn_id: str
    decision: Literal["approved", "edited", "rejected"]
    decided_by: str
    reason: str = ""
    arguments_digest: str
    arguments: dict[str, Any] | None = None


class ApprovalExpired(DomainEvent):
    """Nobody decided in time."""

    approval_id: str
    turn_id: str
