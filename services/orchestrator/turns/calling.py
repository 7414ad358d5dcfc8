# SPDX-License-Identifier: Apache-2.0
"""Plans the calls that a model asks for: made now, after an approval, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic_ai.messages import ToolCallPart

from services.orchestrator.agents import Agent
from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Step, Turn
from services.orchestrator.models import ModelReply
from services.orchestrator.store.approvals import Approval
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.tools import (
    HAND_OVER,
    HandOver,
    JsonObject,
    ToolError,
    arguments_digest,
    effect_id,
    parse_hand_over,
)
from services.orchestrator.turns.consent import ask_person, policy_of, question
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.switching import switch_agent
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import Event, ToolExecutionRequestedEvent

CALLS_PER_STEP = 1000
"""Numbers the calls of a turn: the step times this, and the place of the call in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A call as it goes into the ledger, and what has to be said of it."""

    turn: Turn
    effect: Effect
    approval: Approval | None = None
    hand_over: HandOver | None = None

    def refused(self, reason: str, *, now: datetime) -> "Planned":
        """Return the call as one that is not made."""
        effect = self.effect
        if effect.state is not EffectState.FAILED:
            effect = _ended(effect, f"not made: {reason}", now, EffectState.FAILED)
        return Planned(turn=self.turn, effect=effect)

    async def announce(self, work: TurnWork, *, cause: Event) -> None:
        """Record the events of the call, and the question to a person or the switch of agents."""
        requested = await work.publish(
            ToolExecutionRequestedEvent(
                session_id=self.turn.session_id,
                turn_id=self.turn.id,
                agent=self.turn.agent,
                tool=self.effect.tool,
                call_id=self.effect.call_id,
                effect_id=str(self.effect.effect_id),
                arguments_digest=self.effect.arguments_digest,
                causation_id=cause.event_id,
            )
        )
        work.change_effect(self.effect.effect_id, cause_id=requested.event_id)
        if self.approval:
            await ask_person(work, self.effect, self.approval, cause_id=requested.event_id)
        if self.hand_over:
            await switch_agent(work, self.hand_over, cause=requested)


def plan_calls(
    resources: Resources,
    session: Session,
    turn: Turn,
    step: Step,
    reply: ModelReply,
    *,
    now: datetime,
) -> Sequence[Planned]:
    """Return what becomes of each call of an answer, in its order."""
    agent = resources.agents.get(turn.agent)
    planned: list[Planned] = []
    for position, call in enumerate(reply.tool_calls):
        handed_over = any(each.hand_over for each in planned)
        planned.append(
            _plan(resources, session, turn, agent, step, position, call, now, handed_over)
        )
    return planned


def _plan(
    resources: Resources,
    session: Session,
    turn: Turn,
    agent: Agent,
    step: Step,
    position: int,
    call: ToolCallPart,
    now: datetime,
    handed_over: bool,
) -> Planned:
    try:
        if call.tool_name == HAND_OVER:
            asked = _hand_over(resources, turn, call, handed_over=handed_over)
            effect = _effect(turn, step, position, call, asked.model_dump(mode="json"), now)
            return Planned(
                turn=turn,
                hand_over=asked,
                effect=_ended(effect, f"{asked.to_agent} goes on with the conversation", now),
            )
        toolbox = resources.toolboxes.of(agent, turn.client_tools)
        arguments = toolbox.validate(call.tool_name, call.args or {})
        effect = _effect(turn, step, position, call, arguments, now)
    except ToolError as error:
        refused = _effect(turn, step, position, call, {}, now)
        return Planned(turn=turn, effect=_ended(refused, str(error), now, EffectState.FAILED))
    policy = policy_of(resources, turn, agent.name)
    consent = policy.consent(call.tool_name, effect.arguments)
    if consent is None:
        return Planned(turn=turn, effect=effect)
    waiting = replace(effect, state=EffectState.WAITING)
    return Planned(
        turn=turn,
        effect=waiting,
        approval=question(session, waiting, policy, consent, now=now),
    )


def _hand_over(
    resources: Resources, turn: Turn, call: ToolCallPart, *, handed_over: bool
) -> HandOver:
    if handed_over:
        raise ToolError("you have handed over already; one agent can go on, not two")
    return parse_hand_over(call.args or {}, resources.agents.targets(turn.agent))


def _effect(
    turn: Turn,
    step: Step,
    position: int,
    call: ToolCallPart,
    arguments: JsonObject,
    now: datetime,
) -> Effect:
    number = step.index * CALLS_PER_STEP + position
    return Effect(
        effect_id=effect_id(turn.session_id, turn.number, number, call.tool_name, arguments),
        session_id=turn.session_id,
        turn_id=turn.id,
        step=step.index,
        position=position,
        call_id=call.tool_call_id,
        tool=call.tool_name[:200],
        agent=turn.agent,
        arguments=dict(arguments),
        arguments_digest=arguments_digest(arguments),
        state=EffectState.PENDING,
        cause_id=None,
        started_at=None,
        result=None,
        requested_at=now,
        ended_at=None,
    )


def _ended(
    effect: Effect, result: str, now: datetime, state: EffectState = EffectState.COMMITTED
) -> Effect:
    return replace(effect, state=state, result=result, ended_at=now)
