# SPDX-License-Identifier: Apache-2.0
"""The context of a session after each of its events."""

from decimal import Decimal
from functools import reduce

from hypothesis import given, strategies as st

from services.agent_context.context import Context
from services.agent_context.context_window import after
from services.agent_context.limits import Limits
from services.agent_context.tokens import estimate
from shared.events import (
    AgentSwitchedEvent,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalRequested,
    AssistantReplied,
    ConversationCompleted,
    Event,
    LLMRequestCompletedEvent,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    SessionForked,
    SessionUpdatedEvent,
    TaskCompleted,
    TurnCancelled,
)
from tests.support.event_streams import histories, long_history

LIMITS = Limits(window_tokens=50, max_switches=3)


def context_of(*events: Event, limits: Limits = LIMITS) -> Context:
    numbered = [
        event if event.sequence else event.model_copy(update={"sequence": place})
        for place, event in enumerate(events, start=1)
    ]
    return reduce(
        lambda context, event: after(context, event, limits), numbered, Context(session_id="s")
    )


def message(text: str, turn_id: str = "t") -> Event:
    return MessageReceived(
        session_id="s", message_content=text, message_length=len(text), turn_id=turn_id
    )


def switch(to_agent: str) -> Event:
    return AgentSwitchedEvent(session_id="s", from_agent="a", to_agent=to_agent, reason="r")


def approval(approval_id: str, turn_id: str = "t") -> Event:
    return ApprovalRequested(
        session_id="s",
        approval_id=approval_id,
        turn_id=turn_id,
        agent_type="coder",
        tool="write_file",
        call_id="c",
        arguments_digest="d",
        arguments={"secret": "content"},
    )


@given(events=histories(sessions=1, length=40), budget=st.integers(16, 200))
def test_the_window_is_never_over_its_budget_and_always_the_newest(
    events: list[Event], budget: int
) -> None:
    context = context_of(*events, limits=Limits(window_tokens=budget))

    assert context.window_tokens == sum(each.tokens for each in context.messages) <= budget
    assert all(each.tokens == estimate(each.content) for each in context.messages)
    if context.state != "deleted":
        newest = [e.sequence for e in events if isinstance(e, (MessageReceived, AssistantReplied))]
        shown = [each.sequence for each in context.messages]
        assert shown == newest[len(newest) - len(shown) :]
        assert bool(shown) == bool(newest)


@given(histories(sessions=1, length=40))
def test_what_is_written_and_read_is_written_the_same_again(events: list[Event]) -> None:
    written = context_of(*events).canonical()

    assert Context.read(written).canonical() == written


@given(events=histories(sessions=1, length=40), every=st.integers(1, 5))
def test_it_does_not_matter_how_often_a_context_was_written_and_read(
    events: list[Event], every: int
) -> None:
    context = Context(session_id="s0")
    for place, event in enumerate(events):
        context = after(context, event, LIMITS)
        if place % every == 0:
            context = Context.read(context.canonical())

    assert (
        context.canonical()
        == reduce(
            lambda one, event: after(one, event, LIMITS), events, Context(session_id="s0")
        ).canonical()
    )


def test_it_begins_with_what_the_session_was_created_with() -> None:
    context = context_of(
        SessionCreated(session_id="s", agent="orchestrator", title="T", created_by="ann")
    )

    assert (context.agent, context.title, context.created_by) == ("orchestrator", "T", "ann")
    assert (context.sequence, context.missing, context.state) == (1, 0, "active")


def test_the_oldest_messages_leave_when_the_budget_is_used_up() -> None:
    context = context_of(*[message("x" * 40) for _ in range(5)])  # 14 tokens each

    assert [each.sequence for each in context.messages] == [3, 4, 5]
    assert context.window_tokens == 42
    assert context.totals.messages == 5


def test_a_message_larger_than_the_budget_is_cut_and_stands_alone() -> None:
    context = context_of(message("before"), message("y" * 1000))

    (only,) = context.messages
    assert only.truncated
    assert only.content == "y" * 184
    assert only.tokens == 50


def test_the_agent_is_the_last_one_switched_to_and_the_history_is_bounded() -> None:
    context = context_of(*[switch(f"agent-{n}") for n in range(5)])

    assert context.agent == "agent-4"
    assert [each.to_agent for each in context.switches] == ["agent-2", "agent-3", "agent-4"]
    assert context.totals.switches == 5


def test_no_switches_are_kept_where_none_are_wanted() -> None:
    context = context_of(switch("b"), limits=Limits(max_switches=0))

    assert context.switches == ()
    assert context.agent == "b"


def test_an_approval_is_open_until_it_is_decided_or_expires() -> None:
    decided = ApprovalDecided(
        session_id="s",
        approval_id="1",
        turn_id="t",
        decision="rejected",
        decided_by="ann",
        arguments_digest="d",
    )
    expired = ApprovalExpired(session_id="s", approval_id="2", turn_id="t")

    context = context_of(approval("1"), approval("2"), approval("3"), decided, expired)

    assert [each.approval_id for each in context.approvals] == ["3"]


def test_the_arguments_of_a_call_are_not_in_the_context() -> None:
    assert b"secret" not in context_of(approval("1")).canonical()


def test_a_cancelled_turn_waits_for_no_approval() -> None:
    cancelled = TurnCancelled(session_id="s", turn_id="t")

    context = context_of(message("m"), approval("1", "t"), approval("2", "other"), cancelled)

    assert [each.approval_id for each in context.approvals] == ["2"]
    assert context.turn_id is None


def test_a_turn_is_current_until_it_is_completed() -> None:
    completed = TaskCompleted(
        session_id="s", agent_type="coder", success=True, result_summary="", turn_id="t"
    )

    assert context_of(message("m")).turn_id == "t"
    assert context_of(message("m"), completed).turn_id is None


def test_cost_is_added_up_exactly_and_written_as_plain_digits() -> None:
    call = LLMRequestCompletedEvent(
        session_id="s",
        model="m",
        input_tokens=1,
        output_tokens=1,
        cost_usd=Decimal("0.1"),
        duration_seconds=1,
    )

    context = context_of(call, call, call)

    assert context.totals.cost_usd == Decimal("0.3")
    assert b'"cost_usd":"0.300000000"' in context.canonical()


def test_an_absurd_cost_does_no_harm() -> None:
    call = LLMRequestCompletedEvent(
        session_id="s",
        model="m",
        input_tokens=1,
        output_tokens=1,
        cost_usd=Decimal("1e300"),
        duration_seconds=1,
    )

    assert context_of(call, call).totals.cost_usd == Decimal(10) ** 12


def test_a_state_follows_its_updates_until_the_session_ends() -> None:
    paused = SessionUpdatedEvent(session_id="s", state="paused")
    ended = ConversationCompleted(session_id="s", total_messages=0, duration_seconds=0)

    assert context_of(paused).state == "paused"
    assert context_of(paused, ended).state == "completed"
    assert context_of(ended, paused).state == "completed"
    assert context_of(ended, approval("1"), ended).approvals == ()


def test_of_a_deleted_session_nothing_is_kept_that_anybody_wrote() -> None:
    context = context_of(
        SessionCreated(session_id="s", title="private", created_by="ann"),
        message("private"),
        switch("b"),
        SessionDeleted(session_id="s"),
        message("private too"),
    )

    assert context.state == "deleted"
    assert (context.messages, context.window_tokens, context.switches) == ((), 0, ())
    assert b"private" not in context.canonical()
    assert b"ann" not in context.canonical()


def test_a_fork_knows_where_it_came_from() -> None:
    fork = SessionForked(session_id="s", direction="from", other_session_id="o", at_sequence=7)
    source = SessionForked(session_id="s", direction="to", other_session_id="o", at_sequence=7)

    forked_from = context_of(fork).forked_from
    assert forked_from is not None
    assert (forked_from.session_id, forked_from.at_sequence) == ("o", 7)
    assert context_of(source).forked_from is None


def test_lost_events_are_counted() -> None:
    later = message("m").model_copy(update={"sequence": 5})

    context = context_of(later, message("n").model_copy(update={"sequence": 8}))

    assert (context.sequence, context.missing) == (8, 6)


def test_every_event_counts_on_its_level() -> None:
    totals = context_of(*long_history("s", 24)).totals

    assert totals.domain_events + totals.infrastructure_events == 24
    assert totals.tool_calls == 2
    assert totals.errors == 1
    assert totals.llm_requests == 2


def test_a_fork_knows_what_was_said_in_its_original_but_has_spent_nothing() -> None:
    said = MessageInherited(
        session_id="s", role="assistant", message_id="m", message_content="hello",
        message_length=5, agent_type="coder",
    )  # fmt: skip

    context = context_of(said, message("and now?"))

    assert [(each.role, each.agent, each.content) for each in context.messages] == [
        ("assistant", "coder", "hello"),
        ("user", None, "and now?"),
    ]
    assert context.totals.llm_requests == context.totals.turns == 0
