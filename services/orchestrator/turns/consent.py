# SPDX-License-Identifier: Apache-2.0
"""Asks people about calls, and makes no call that needs a decision without an unused one."""

from datetime import datetime, timedelta
from uuid import UUID

from services.orchestrator.agents.policy import Consent, Policy
from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.approvals import (
    Approval,
    ApprovalKind,
    ApprovalState,
    approval_of_effect,
    change_approval,
)
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import ApprovalRequested, ToolApprovalRequiredEvent
from shared.ids import new_id

OUTCOME = Consent(expires_after=timedelta(hours=1), four_eyes=False)
"""What the question needs whether a call that was cut off is to be made again."""


def policy_of(resources: Resources, turn: Turn, agent: str) -> Policy:
    """Return the rules for an agent: its own, and those of agents that handed over to it."""
    return resources.agents.policy(agent, turn.delegated_by)


async def may_start(resources: Resources, work: TurnWork, effect: Effect) -> bool:
    """Use up the approval that a call needs; or, if there is none that holds, ask a person.

    An approval holds for the arguments that were decided on, under the rules that were in force,
    and for one call.
    """
    policy = policy_of(resources, work.turn, effect.agent)
    consent = policy.consent(effect.tool, effect.arguments)
    if consent is None:
        return True
    approval = await approval_of_effect(work.work.connection, effect.effect_id)
    if approval and _holds(approval, effect, policy):
        await change_approval(work.work.connection, approval.id, consumed_at=work.now)
        return True
    await ask_person(work, effect, question(work.session, effect, policy, consent, now=work.now))
    return False


def _holds(approval: Approval, effect: Effect, policy: Policy) -> bool:
    return (
        approval.state in {ApprovalState.APPROVED, ApprovalState.EDITED}
        and approval.consumed_at is None
        and approval.decided_digest == effect.arguments_digest
        and approval.policy_version == policy.version
    )


async def ask_person(
    work: TurnWork, effect: Effect, approval: Approval, *, cause_id: UUID | None = None
) -> None:
    """Have the call wait for a person."""
    work.change_effect(effect.effect_id, state=EffectState.WAITING)
    work.add_approval(approval)
    cause_id = cause_id or effect.cause_id
    await work.publish(
        ToolApprovalRequiredEvent(
            session_id=effect.session_id,
            turn_id=effect.turn_id,
            agent=effect.agent,
            tool=effect.tool,
            call_id=effect.call_id,
            effect_id=str(effect.effect_id),
            approval_id=approval.id,
            arguments_digest=approval.arguments_digest,
            causation_id=cause_id,
        )
    )
    await work.publish(
        ApprovalRequested(
            session_id=effect.session_id,
            approval_id=approval.id,
            turn_id=effect.turn_id,
            agent_type=effect.agent,
            tool=approval.tool,
            call_id=effect.call_id,
            arguments=approval.arguments,
            arguments_digest=approval.arguments_digest,
            policy_version=approval.policy_version,
            expires_at=approval.expires_at,
            about=approval.kind,
            causation_id=cause_id,
        )
    )


def question(
    session: Session,
    effect: Effect,
    policy: Policy,
    consent: Consent,
    *,
    now: datetime,
    kind: ApprovalKind = "call",
) -> Approval:
    """Return a question about a call, bound to its exact arguments and to the rules in force."""
    return Approval(
        id=str(new_id()),
        session_id=effect.session_id,
        turn_id=effect.turn_id,
        effect_id=effect.effect_id,
        agent=effect.agent,
        tool=effect.tool,
        arguments=effect.arguments,
        arguments_digest=effect.arguments_digest,
        policy_version=policy.version,
        state=ApprovalState.OPEN,
        decided_by=None,
        reason=None,
        requested_at=now,
        expires_at=now + consent.expires_after,
        decided_at=None,
        kind=kind,
        requested_by=session.created_by if consent.four_eyes else None,
    )
