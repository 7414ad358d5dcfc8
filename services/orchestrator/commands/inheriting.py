# SPDX-License-Identifier: Apache-2.0
"""How a fork begins: with the recorded past of its original, told as what it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.orchestrator.commands.send_message import queued
from services.orchestrator.domain.forking import Reopened, TurnMark
from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.forks import (
    PastTurn,
    TurnCopy,
    asked_of,
    copy_steps,
    copy_turns,
)
from services.orchestrator.store.turns import add_turn
from services.orchestrator.store.work import SessionWork
from shared.events import (
    AgentAssigned,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionForked,
)
from shared.ids import new_id


async def announce(work: SessionWork, forked: SessionForked, *, asked_for: bool) -> None:
    """Record that the session is there, who is in charge, and where it comes from."""
    session = work.session
    created = await work.publish(
        SessionCreated(
            session_id=session.id,
            created_by=session.created_by,
            agent=session.agent,
            title=session.title,
        )
    )
    assigned = await work.publish(
        AgentAssigned(
            session_id=session.id,
            agent_type=session.agent,
            reason="asked for" if asked_for else "in charge of the original then",
            causation_id=created.event_id,
        )
    )
    work.change(agent_sequence=assigned.sequence)
    await work.publish(forked.model_copy(update={"causation_id": created.event_id}))


async def inherit(work: SessionWork, past: Sequence[PastTurn], marks: Sequence[TurnMark]) -> None:
    """Copy turns that had ended: their steps as they are, their messages as inherited ones."""
    if not past:
        return
    last_steps = {each.id: each.steps[-1].index for each in marks if each.steps}
    copies: list[TurnCopy] = []
    for turn in past:
        first = last = await _said(work, turn, turn.message, turn.accepted_at, agent=None)
        if turn.reply is not None:
            at = turn.ended_at or turn.accepted_at
            last = await _said(work, turn, turn.reply, at, agent=turn.agent)
        copies.append(
            TurnCopy(
                original_id=turn.id,
                id=str(new_id()),
                kept=last_steps.get(turn.id, 0),
                first=first,
                last=last,
            )
        )
        work.change(message_count=work.session.message_count + 1 + (turn.reply is not None))
    await copy_turns(work.connection, copies, session_id=work.session.id)
    await copy_steps(work.connection, copies, session_id=work.session.id)
    work.change(turn_count=len(copies))


async def take_up_again(work: SessionWork, reopened: Sequence[Reopened]) -> list[Turn]:
    """Queue turns that had not ended: each goes on from the steps that are kept of it.

    The client runs for it what it ran for the original, which may have come with the message.
    """
    taken: list[Turn] = []
    asked = await asked_of(work.connection, [each.turn.id for each in reopened])
    for each in reopened:
        text = asked[each.turn.id].message
        turn_id = str(new_id())
        received = await work.publish(
            MessageReceived(
                session_id=work.session.id,
                message_content=text,
                message_length=len(text),
                message_id=str(new_id()),
                turn_id=turn_id,
            )
        )
        number = work.session.turn_count + 1
        turn = replace(
            queued(work, received, number=number), client_tools=asked[each.turn.id].client_tools
        )
        work.change(message_count=work.session.message_count + 1, turn_count=number)
        await add_turn(work.connection, turn)
        copy = TurnCopy(
            original_id=each.turn.id,
            id=turn_id,
            kept=each.kept,
            first=received.sequence,
            last=None,
        )
        await copy_steps(work.connection, [copy], session_id=work.session.id)
        taken.append(turn)
    return taken


async def _said(
    work: SessionWork, turn: PastTurn, text: str, at: datetime, *, agent: str | None
) -> int:
    event = await work.publish(
        MessageInherited(
            session_id=work.session.id,
            role="user" if agent is None else "assistant",
            message_id=str(new_id()),
            message_content=text,
            message_length=len(text),
            agent_type=agent or "",
            original_turn_id=turn.id,
            said_at=at,
        )
    )
    return event.sequence
