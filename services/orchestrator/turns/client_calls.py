# SPDX-License-Identifier: Apache-2.0
"""Hands calls to the client of a session, which makes them and gives their results."""

from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.domain.limits import Breach
from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.turns.budgets import ONE_TOOL_CALL
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import ToolClientResultRequiredEvent, ToolExecutionStartedEvent


def client_tool(resources: Resources, turn: Turn, effect: Effect) -> ClientTool | None:
    """Return the tool of a call that the client makes, or None if it is made here."""
    agent = resources.agents.get(effect.agent)
    return resources.toolboxes.of(agent, turn.client_tools).client_tool(effect.tool)


async def ask_client(
    resources: Resources, work: TurnWork, effect: Effect, tool: ClientTool
) -> Breach | None:
    """Have the client make a call; or return the limit that it would exceed.

    It is spent at once: how long the client takes must not hold back a reservation, of which a
    session has one. Until its result comes no replica has anything to do with it.
    """
    agent = resources.agents.get(effect.agent)
    breach = resources.budgets.breach(work.session, agent, ONE_TOOL_CALL)
    if breach:
        return breach
    left = resources.budgets.time_left(work.session, agent)
    expires_at = work.now + (tool.timeout if left is None else min(tool.timeout, left))
    work.change_session(usage=work.session.usage.spend(agent.name, ONE_TOOL_CALL))
    call = {
        "session_id": effect.session_id,
        "turn_id": effect.turn_id,
        "agent": effect.agent,
        "tool": effect.tool,
        "call_id": effect.call_id,
        "effect_id": str(effect.effect_id),
        "arguments_digest": effect.arguments_digest,
    }
    started = await work.publish(
        ToolExecutionStartedEvent.model_validate({**call, "causation_id": effect.cause_id})
    )
    asked = await work.publish(
        ToolClientResultRequiredEvent.model_validate(
            {
                **call,
                "arguments": effect.arguments,
                "expires_at": expires_at,
                "causation_id": started.event_id,
            }
        )
    )
    work.change_effect(
        effect.effect_id,
        state=EffectState.WITH_CLIENT,
        started_at=work.now,
        expires_at=expires_at,
        cause_id=asked.event_id,
    )
    return None
