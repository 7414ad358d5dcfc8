# SPDX-License-Identifier: Apache-2.0
"""What the context of a session is after an event."""

from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from services.agent_context.context import (
    DELETED,
    Context,
    Fork,
    Message,
    OpenApproval,
    Switch,
    Totals,
)
from services.agent_context.limits import MAX_APPROVALS, MAX_TEXT, Limits
from services.agent_context.tokens import cut, estimate
from shared.events import (
    AgentAssigned,
    AgentErrorOccurredEvent,
    AgentSwitchedEvent,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalRequested,
    AssistantReplied,
    ConversationCompleted,
    DeadLetterDiscarded,
    Event,
    EventLevel,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    SessionErased,
    SessionExpired,
    SessionForked,
    SessionUpdatedEvent,
    TaskCompleted,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    TurnCancelled,
)

Changes = dict[str, Any]
"""The fields of a context that an event changes, with their new values."""

_NANO_USD: Final = Decimal("1e-9")
_MOST_USD: Final = Decimal(10) ** 12


def after(context: Context, event: Event, limits: Limits) -> Context:
    """Return ``context`` after ``event``, which is the next one there is.

    Events between the two, if any, are lost and counted as missing. What stands in the place of a
    discarded event changes nothing else.
    """
    if isinstance(event, SessionErased):
        return erased(event)
    if context.erased:
        return context.model_copy(update={"sequence": event.sequence})
    missing = context.missing + event.sequence - context.sequence - 1
    if isinstance(event, DeadLetterDiscarded):
        passed = {"missing": missing, "discarded": context.discarded + 1}
        return context.model_copy(update={"sequence": event.sequence, **passed})
    level = "domain" if event.level is EventLevel.DOMAIN else "infrastructure"
    counted = context.model_copy(
        update={
            "sequence": event.sequence,
            "missing": missing,
            "updated_at": event.occurred_at,
            "totals": _plus(context.totals, **{f"{level}_events": 1}),
        }
    )
    return counted.model_copy(update=changes(event, counted, limits))


def erased(order: SessionErased) -> Context:
    """Return what is left of a session that was erased: that it was.

    It is the same whatever was known before, so that contexts that are made again come to the same.
    """
    return Context(session_id=order.session_id, sequence=order.sequence, state=DELETED, erased=True)


@singledispatch
def changes(event: Event, context: Context, limits: Limits) -> Changes:
    """Return what ``event`` changes beside the sequence; most change nothing."""
    return {}


@changes.register
def _(event: SessionCreated, context: Context, limits: Limits) -> Changes:
    title = event.title[:MAX_TEXT]
    return {"agent": event.agent, "title": title, "created_by": event.created_by[:MAX_TEXT]}


@changes.register
def _(event: SessionForked, context: Context, limits: Limits) -> Changes:
    if event.direction == "to":
        return {}
    return {"forked_from": Fork(session_id=event.other_session_id, at_sequence=event.at_sequence)}


@changes.register
def _(event: SessionUpdatedEvent, context: Context, limits: Limits) -> Changes:
    return {} if context.ended else {"state": event.state[:MAX_TEXT]}


@changes.register
def _(event: ConversationCompleted, context: Context, limits: Limits) -> Changes:
    return _end(context, "completed")


@changes.register
def _(event: SessionExpired, context: Context, limits: Limits) -> Changes:
    return _end(context, "expired")


@changes.register
def _(event: SessionDeleted, context: Context, limits: Limits) -> Changes:
    return {
        **_end(context, DELETED),
        "state": DELETED,
        "title": "",
        "created_by": "",
        "window_tokens": 0,
        "messages": (),
        "switches": (),
    }


@changes.register
def _(event: MessageReceived, context: Context, limits: Limits) -> Changes:
    message = Message(
        sequence=event.sequence,
        role="user",
        message_id=event.message_id,
        turn_id=event.turn_id,
        content=event.message_content,
        tokens=estimate(event.message_content),
    )
    return {**_with_message(context, message, limits), "turn_id": event.turn_id or None}


@changes.register
def _(event: MessageInherited, context: Context, limits: Limits) -> Changes:
    message = Message(
        sequence=event.sequence,
        role=event.role,
        agent=event.agent_type or None,
        message_id=event.message_id,
        turn_id="",
        content=event.message_content,
        tokens=estimate(event.message_content),
    )
    return _with_message(context, message, limits)


@changes.register
def _(event: AssistantReplied, context: Context, limits: Limits) -> Changes:
    message = Message(
        sequence=event.sequence,
        role="assistant",
        agent=event.agent_type,
        message_id=event.message_id,
        turn_id=event.turn_id,
        content=event.message_content,
        tokens=estimate(event.message_content),
    )
    return _with_message(context, message, limits)


@changes.register
def _(event: AgentAssigned, context: Context, limits: Limits) -> Changes:
    return {"agent": event.agent_type}


@changes.register
def _(event: AgentSwitchedEvent, context: Context, limits: Limits) -> Changes:
    switch = Switch(
        sequence=event.sequence,
        from_agent=event.from_agent,
        to_agent=event.to_agent,
        reason=event.reason[:MAX_TEXT],
        confidence=event.confidence,
    )
    first = max(0, len(context.switches) + 1 - limits.max_switches)
    return {
        "agent": event.to_agent,
        "switches": (*context.switches, switch)[first:],
        "totals": _plus(context.totals, switches=1),
    }


@changes.register
def _(event: ApprovalRequested, context: Context, limits: Limits) -> Changes:
    approval = OpenApproval(
        sequence=event.sequence,
        approval_id=event.approval_id,
        turn_id=event.turn_id,
        agent=event.agent_type,
        tool=event.tool,
        call_id=event.call_id,
        arguments_digest=event.arguments_digest,
        expires_at=event.expires_at,
    )
    others = _without_approval(context, event.approval_id)
    return {"approvals": (*others, approval)[-MAX_APPROVALS:]}


@changes.register
def _(event: ApprovalDecided, context: Context, limits: Limits) -> Changes:
    return {"approvals": _without_approval(context, event.approval_id)}


@changes.register
def _(event: ApprovalExpired, context: Context, limits: Limits) -> Changes:
    return {"approvals": _without_approval(context, event.approval_id)}


@changes.register
def _(event: TaskCompleted, context: Context, limits: Limits) -> Changes:
    return {"turn_id": None, "totals": _plus(context.totals, turns=1)}


@changes.register
def _(event: TurnCancelled, context: Context, limits: Limits) -> Changes:
    left = tuple(each for each in context.approvals if each.turn_id != event.turn_id)
    return {"turn_id": None, "approvals": left, "totals": _plus(context.totals, turns=1)}


@changes.register
def _(event: LLMRequestCompletedEvent, context: Context, limits: Limits) -> Changes:
    totals = _plus(
        context.totals,
        llm_requests=1,
        input_tokens=event.input_tokens,
        output_tokens=event.output_tokens,
        cached_tokens=event.cached_tokens,
    )
    cost = min(max(event.cost_usd or Decimal(0), Decimal(0)), _MOST_USD)
    together = min(totals.cost_usd + cost, _MOST_USD).quantize(_NANO_USD)
    return {"totals": totals.model_copy(update={"cost_usd": together})}


@changes.register
def _(event: LLMRequestFailedEvent, context: Context, limits: Limits) -> Changes:
    return {"totals": _plus(context.totals, llm_requests=1)}


@changes.register
def _(event: ToolExecutedEvent, context: Context, limits: Limits) -> Changes:
    return {"totals": _plus(context.totals, tool_calls=1, tool_failures=int(not event.success))}


@changes.register
def _(event: ToolExecutionFailedEvent, context: Context, limits: Limits) -> Changes:
    return {"totals": _plus(context.totals, tool_calls=1, tool_failures=1)}


@changes.register
def _(event: AgentErrorOccurredEvent, context: Context, limits: Limits) -> Changes:
    return {"totals": _plus(context.totals, errors=1)}


def _with_message(context: Context, message: Message, limits: Limits) -> Changes:
    """Return the window with one more message, and without the oldest that no longer fit.

    What was said in a deleted session is not kept, also when it comes late.
    """
    if context.state == DELETED:
        return {"totals": _plus(context.totals, messages=1)}
    if message.tokens > limits.window_tokens:
        content = cut(message.content, limits.window_tokens)
        shorter = {"content": content, "tokens": estimate(content), "truncated": True}
        message = message.model_copy(update=shorter)
    kept, tokens = [message], message.tokens
    for older in reversed(context.messages):
        if tokens + older.tokens > limits.window_tokens:
            break
        kept.append(older)
        tokens += older.tokens
    return {
        "messages": tuple(reversed(kept)),
        "window_tokens": tokens,
        "totals": _plus(context.totals, messages=1),
    }


def _without_approval(context: Context, approval_id: str) -> tuple[OpenApproval, ...]:
    return tuple(each for each in context.approvals if each.approval_id != approval_id)


def _end(context: Context, state: str) -> Changes:
    return {"state": context.state if context.ended else state, "turn_id": None, "approvals": ()}


def _plus(totals: Totals, **amounts: int) -> Totals:
    sums = {name: getattr(totals, name) + amount for name, amount in amounts.items()}
    return totals.model_copy(update=sums)
