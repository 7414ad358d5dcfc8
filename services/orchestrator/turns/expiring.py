# SPDX-License-Identifier: Apache-2.0
"""Ends the waiting for people who did not decide in time."""

from collections.abc import Mapping

from services.orchestrator.store.approvals import (
    Approval,
    ApprovalKind,
    ApprovalState,
    change_approval,
    due_approvals,
    find_approval,
)
from services.orchestrator.store.effects import EffectState, change_effect
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.waiting import resume_turn
from shared.correlation import EventCorrelation
from shared.events import ApprovalExpired, HITLTimeoutOccurredEvent

AT_ONCE = 100

EXPIRED: Mapping[ApprovalKind, dict[str, str]] = {
    "call": {
        "state": EffectState.REJECTED,
        "result": "nobody approved this call in time, so it was not made",
    },
    "outcome": {
        "state": EffectState.UNKNOWN,
        "result": "cut off by a crash, and nobody said in time whether it had its effect",
    },
}
"""What a model is told of a call that nobody decided on."""


async def expire_approvals(resources: Resources) -> None:
    """Have the model told that nobody decided, for every question whose time has run out."""
    async with resources.work.database.connect() as connection:
        due = await due_approvals(connection, limit=AT_ONCE)
    for session_id, approval_id in due:
        with EventCorrelation.scope():
            async with resources.work.session(session_id) as work:
                approval = await find_approval(work.connection, session_id, approval_id)
                if approval.state is ApprovalState.OPEN and approval.expires_at <= work.now:
                    await _expire(work, approval)


async def _expire(work: SessionWork, approval: Approval) -> None:
    await change_approval(
        work.connection, approval.id, state=ApprovalState.EXPIRED, decided_at=work.now
    )
    await change_effect(
        work.connection,
        approval.effect_id,
        **EXPIRED[approval.kind],
        ended_at=work.now,
    )
    expired = await work.publish(
        ApprovalExpired(
            session_id=approval.session_id,
            approval_id=approval.id,
            turn_id=approval.turn_id,
        )
    )
    await work.publish(
        HITLTimeoutOccurredEvent(
            session_id=approval.session_id,
            approval_id=approval.id,
            tool=approval.tool,
            wait_seconds=max(0.0, (work.now - approval.requested_at).total_seconds()),
            causation_id=expired.event_id,
        )
    )
    await resume_turn(work, approval.turn_id)
