# SPDX-License-Identifier: Apache-2.0
"""Decides, in the transaction that records a step, how the turn goes on from it."""

from services.orchestrator.domain.turn import CallState, TurnState
from services.orchestrator.store.effects import Effect
from services.orchestrator.turns.bounding import steps_breach
from services.orchestrator.turns.client_calls import ask_client, client_tool
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.consent import may_start
from services.orchestrator.turns.opening import start_asking
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.stopping import results_of, stop_turn
from services.orchestrator.turns.turn_work import TurnWork
from shared.events import ToolExecutionStartedEvent


async def continue_turn(resources: Resources, work: TurnWork) -> None:
    """Start the next call of the model's answer, wait for people, or ask the model again.

    Calls of the client are handed to it and cost no wait before the next one. At a limit the turn
    ends instead, before the call that would exceed it. While its session is
    paused, it is put back into the queue.
    """
    if work.session.paused:
        work.change(state=TurnState.QUEUED, lease_owner=None, lease_until=None)
        return
    for effect in list(work.effects):
        if effect.state.call is CallState.PENDING and await may_start(resources, work, effect):
            tool = client_tool(resources, work.turn, effect)
            if tool is None:
                await _start_call(resources, work, effect)
                return
            breach = await ask_client(resources, work, effect, tool)
            if breach:
                await stop_turn(work, breach)
                return
    if any(each.state.call is CallState.WAITING for each in work.effects):
        work.change(state=TurnState.WAITING, lease_owner=None, lease_until=None)
    else:
        await _give_results(resources, work)


async def _start_call(resources: Resources, work: TurnWork, effect: Effect) -> None:
    agent = resources.agents.get(effect.agent)
    breach = resources.budgets.reserve_tool_call(work.work, work.turn, agent)
    if breach:
        await stop_turn(work, breach)
        return
    started = await work.publish(
        ToolExecutionStartedEvent(
            session_id=work.turn.session_id,
            turn_id=work.turn.id,
            agent=effect.agent,
            tool=effect.tool,
            call_id=effect.call_id,
            effect_id=str(effect.effect_id),
            arguments_digest=effect.arguments_digest,
            causation_id=effect.cause_id,
        )
    )
    work.change_effect(effect.effect_id, started_at=work.now, cause_id=started.event_id)


async def _give_results(resources: Resources, work: TurnWork) -> None:
    results = results_of(work.steps[-1], work.effects)
    work.add_step(results)
    agent = resources.agent(work.turn.agent, model=work.turn.model)
    breach = steps_breach(resources, work.session, work.turn, asked=(results.index + 1) // 2)
    breach = breach or await start_asking(resources, work, agent, step=results.index + 1)
    if breach:
        await exceed_budget(work, breach)
