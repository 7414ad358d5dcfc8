# SPDX-License-Identifier: Apache-2.0
"""Decide on a call that waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.approvals import (
    Approval,
    ApprovalState,
    change_approval,
    find_approval,
)
from services.orchestrator.store.effects import EffectState, change_effect
from services.orchestrator.store.idempotency import (
    IdempotencyKey,
    earlier_subject,
    remember,
)
from services.orchestrator.store.turns import find_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.tools import ToolError, arguments_digest
from services.orchestrator.turns.consent import policy_of
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.waiting import resume_turn
from shared.correlation import EventCorrelation
from shared.errors import ConflictError
from shared.events import ApprovalDecided, HITLDecisionMadeEvent

Decided = Literal["approved", "edited", "rejected"]

DECIDED: Mapping[str, Decided] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApprovalCommand:
    """Approve, edit or reject a call; the digest names the arguments that were seen."""

    session_id: str
    approval_id: str
    decision: str
    decided_by: str
    reason: str = ""
    arguments_digest: str | None = None
    arguments: dict[str, Any] | None = None
    key: IdempotencyKey | None = None


class DecideApprovalHandler:
    """Takes the decisions of people: each question is answered once."""

    def __init__(self, resources: Resources, engine: TurnEngine) -> None:
        self._resources = resources
        self._engine = engine

    async def handle(self, command: DecideApprovalCommand) -> Approval:
        """Return the question with its answer; the turn goes on when none is open.

        Raises:
            NotFoundError: there is no such session or question.
            ConflictError: it was decided before, its time ran out, or the decision is about other
                arguments or other rules than those in force.
            ToolError: the edited arguments are not what the tool takes.
        """
        async with self._resources.work.session(command.session_id) as work:
            approval = await find_approval(work.connection, command.session_id, command.approval_id)
            if await earlier_subject(work.connection, command.key):
                return approval
            turn = await find_turn(work.connection, approval.turn_id)
            self._check(work, turn, approval, command)
            await remember(work.connection, command.key, subject=approval.id)
            if turn.state.ended:
                raise ConflictError(f"the turn has ended ({turn.state}) without this call")
            with EventCorrelation.scope(turn.correlation_id, causation_id=turn.causation_id):
                await self._decide(work, turn, approval, command)
            await resume_turn(work, approval.turn_id)
            decided = await find_approval(work.connection, command.session_id, approval.id)
        self._engine.look()
        return decided

    def _check(
        self, work: SessionWork, turn: Turn, approval: Approval, command: DecideApprovalCommand
    ) -> None:
        if approval.state is not ApprovalState.OPEN:
            raise ConflictError(f"the call is {approval.state} already, by {approval.decided_by}")
        if approval.expires_at <= work.now:
            raise ConflictError(f"the time to decide ran out at {approval.expires_at.isoformat()}")
        seen = command.arguments_digest
        if seen is not None and seen != approval.arguments_digest:
            raise ConflictError(
                f"the decision is about arguments {seen}, the call has {approval.arguments_digest}"
            )
        if command.decision == "reject":
            return
        if approval.requested_by == command.decided_by:
            raise ConflictError("who created the session may not decide this; somebody else has to")
        policy = policy_of(self._resources, turn, approval.agent)
        if policy.version != approval.policy_version:
            raise ConflictError("the approval rules have changed since the question was asked")

    async def _decide(
        self, work: SessionWork, turn: Turn, approval: Approval, command: DecideApprovalCommand
    ) -> None:
        decision = DECIDED[command.decision]
        arguments = approval.arguments
        if decision == "edited":
            arguments = self._edited(turn, approval, command)
        digest = arguments_digest(arguments)
        await change_approval(
            work.connection,
            approval.id,
            state=ApprovalState(decision),
            decided_by=command.decided_by,
            reason=command.reason,
            decided_at=work.now,
            decided_digest=digest,
        )
        await change_effect(
            work.connection, approval.effect_id, **_effect(approval, command, arguments, digest)
        )
        decided = await work.publish(
            ApprovalDecided(
                session_id=approval.session_id,
                approval_id=approval.id,
                turn_id=approval.turn_id,
                decision=decision,
                decided_by=command.decided_by,
                reason=command.reason,
                arguments_digest=digest,
                arguments=arguments if decision == "edited" else None,
            )
        )
        await work.publish(
            HITLDecisionMadeEvent(
                session_id=approval.session_id,
                approval_id=approval.id,
                tool=approval.tool,
                decision=decision,
                wait_seconds=max(0.0, (work.now - approval.requested_at).total_seconds()),
                causation_id=decided.event_id,
            )
        )

    def _edited(
        self, turn: Turn, approval: Approval, command: DecideApprovalCommand
    ) -> dict[str, Any]:
        if approval.kind == "outcome":
            raise ToolError(
                "the call was begun with these arguments; approve it again or reject it"
            )
        if command.arguments is None:
            raise ToolError("to edit a call, give its new arguments")
        agent = self._resources.agents.get(approval.agent)
        toolbox = self._resources.toolboxes.of(agent, turn.client_tools)
        return dict(toolbox.validate(approval.tool, command.arguments))


def _effect(
    approval: Approval, command: DecideApprovalCommand, arguments: dict[str, Any], digest: str
) -> dict[str, Any]:
    if command.decision != "reject":
        return {
            "state": EffectState.PENDING,
            "arguments": arguments,
            "arguments_digest": digest,
            "started_at": None,
        }
    reason = f": {command.reason}" if command.reason else ""
    if approval.kind == "outcome":
        result = f"cut off by a crash; {command.decided_by} decided not to make it again{reason}"
        return {"state": EffectState.UNKNOWN, "result": result}
    return {
        "state": EffectState.REJECTED,
        "result": f"{command.decided_by} rejected this call{reason}",
    }
