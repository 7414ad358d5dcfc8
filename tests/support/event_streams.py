# SPDX-License-Identifier: Apache-2.0
"""Histories of sessions as a test may meet them: every kind of event, numbered without gaps."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import strategies as st

from shared.events import (
    AgentAssigned,
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    AgentSwitchedEvent,
    ApprovalDecided,
    ApprovalRequested,
    AssistantReplied,
    BudgetExceeded,
    ConversationCompleted,
    Event,
    HITLApprovalRequestedEvent,
    HITLDecisionMadeEvent,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageAddedEvent,
    MessageReceived,
    SessionCreated,
    SessionCreatedEvent,
    SessionDeleted,
    SessionUpdatedEvent,
    TaskCompleted,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    Topics,
    TurnCancelled,
)
from shared.messaging import Delivery, Record, decode, encode

Make = Callable[[str, int], Event]
"""Makes the event of a session that a number from 0 to 9 chooses."""

BEGINNING = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
AGENTS = ("orchestrator", "coder", "architect")
TOOLS = ("read_file", "write_file", "calculate")
MODELS = ("offline", "openai:gpt-5")

_MAKERS: tuple[Make, ...] = (
    lambda s, n: MessageReceived(
        session_id=s, message_content="ж" * (n * 7), message_length=n * 7, turn_id=f"turn-{n}"
    ),
    lambda s, n: AssistantReplied(
        session_id=s,
        turn_id=f"turn-{n}",
        agent_type=AGENTS[n % 3],
        message_id=f"message-{n}",
        message_content="answer " * n,
        message_length=n * 7,
    ),
    lambda s, n: AgentAssigned(session_id=s, agent_type=AGENTS[n % 3], reason="asked"),
    lambda s, n: AgentSwitchedEvent(
        session_id=s,
        from_agent=AGENTS[n % 3],
        to_agent=AGENTS[(n + 1) % 3],
        reason="better",
        confidence=n / 10,
    ),
    lambda s, n: AgentProcessingStartedEvent(session_id=s, agent=AGENTS[n % 3]),
    lambda s, n: AgentProcessingCompletedEvent(
        session_id=s, agent=AGENTS[n % 3], duration_seconds=n * 0.37, success=n % 4 != 0
    ),
    lambda s, n: AgentErrorOccurredEvent(
        session_id=s, agent=AGENTS[n % 3], error_type="TimeoutError", error_message="late"
    ),
    lambda s, n: ToolExecutedEvent(
        session_id=s,
        tool=TOOLS[n % 3],
        call_id=f"call-{n}",
        duration_seconds=n * 0.0011,
        result_size=n,
        success=n % 3 != 0,
    ),
    lambda s, n: ToolExecutionFailedEvent(
        session_id=s,
        tool=TOOLS[n % 3],
        call_id=f"call-{n}",
        duration_seconds=n * 0.2,
        error_type="OSError",
        error_message="no such file",
    ),
    lambda s, n: ApprovalRequested(
        session_id=s,
        approval_id=f"approval-{n}",
        turn_id=f"turn-{n}",
        agent_type=AGENTS[n % 3],
        tool=TOOLS[n % 3],
        call_id=f"call-{n}",
        arguments_digest="sha256:0",
    ),
    lambda s, n: ApprovalDecided(
        session_id=s,
        approval_id=f"approval-{n}",
        turn_id=f"turn-{n}",
        decision="approved",
        decided_by="ann",
        arguments_digest="sha256:0",
    ),
    lambda s, n: HITLApprovalRequestedEvent(
        session_id=s, approval_id=f"approval-{n}", tool=TOOLS[n % 3]
    ),
    lambda s, n: HITLDecisionMadeEvent(
        session_id=s,
        approval_id=f"approval-{n}",
        tool=TOOLS[n % 3],
        decision="rejected",
        wait_seconds=n * 11,
    ),
    lambda s, n: LLMRequestCompletedEvent(
        session_id=s,
        model=MODELS[n % 2],
        input_tokens=n * 100,
        output_tokens=n,
        cached_tokens=n * 3,
        cost_usd=Decimal(n) / 7 if n else None,
        duration_seconds=n * 0.9,
    ),
    lambda s, n: LLMRequestFailedEvent(
        session_id=s,
        model=MODELS[n % 2],
        duration_seconds=n * 0.9,
        error_type="ConnectError",
        error_message="refused",
    ),
    lambda s, n: MessageAddedEvent(session_id=s, role="user", message_length=n),
    lambda s, n: TaskCompleted(
        session_id=s,
        agent_type=AGENTS[n % 3],
        success=n % 2 == 0,
        result_summary="done",
        duration_seconds=n * 1.1,
    ),
    lambda s, n: TurnCancelled(session_id=s, turn_id=f"turn-{n}", duration_seconds=n * 0.2),
    lambda s, n: BudgetExceeded(
        session_id=s,
        turn_id=f"turn-{n}",
        agent_type=AGENTS[n % 3],
        budget="tokens",
        limit=1,
        used=2,
    ),
    lambda s, n: SessionUpdatedEvent(session_id=s, state="paused" if n % 2 else "active"),
    lambda s, n: ConversationCompleted(session_id=s, total_messages=n, duration_seconds=n),
    lambda s, _: SessionDeleted(session_id=s),
)

_CHOICES = st.tuples(st.integers(0, len(_MAKERS) - 1), st.integers(0, 9))


def history(session_id: str, choices: Sequence[tuple[int, int]]) -> list[Event]:
    """Return a session that begins and goes on as ``choices`` say."""
    events: list[Event] = [
        SessionCreated(session_id=session_id, agent="orchestrator", title="a test"),
        SessionCreatedEvent(session_id=session_id, agent="orchestrator"),
        *(_MAKERS[which % len(_MAKERS)](session_id, number) for which, number in choices),
    ]
    return [
        event.model_copy(
            update={
                "sequence": place,
                "source": f"/orchestrator/sessions/{session_id}",
                "occurred_at": BEGINNING + timedelta(seconds=place),
            }
        )
        for place, event in enumerate(events, start=1)
    ]


def long_history(session_id: str, length: int) -> list[Event]:
    """Return a session of so many events, with every kind in it; always the same."""
    return history(session_id, [(place, place % 10) for place in range(max(0, length - 2))])


@st.composite
def histories(draw: st.DrawFn, *, sessions: int = 3, length: int = 12) -> list[Event]:
    """Draw some sessions, one after the other."""
    count = draw(st.integers(1, sessions))
    choices = draw(st.lists(st.lists(_CHOICES, max_size=length), min_size=count, max_size=count))
    return [event for each, some in enumerate(choices) for event in history(f"s{each}", some)]


@st.composite
def disorder(draw: st.DrawFn, events: Sequence[Event]) -> list[list[Event]]:
    """Draw batches that hold every event at least once, some twice, in any order."""
    again = draw(st.lists(st.sampled_from(events), max_size=6))
    mixed = draw(st.permutations([*events, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), max_size=4)))
    edges = [0, *cuts, len(mixed)]
    return [mixed[start:end] for start, end in pairwise(edges)]


def delivered(events: Sequence[Event]) -> list[Delivery]:
    """Return the events as a consumer gets them: read from the bytes they were written as."""
    return [delivery(event) for event in events]


def delivery(event: Event) -> Delivery:
    """Return one event as a consumer gets it."""
    outgoing = encode(event, Topics())
    record = Record(
        topic=outgoing.topic,
        partition=0,
        offset=event.sequence,
        timestamp=0,
        key=outgoing.key,
        value=outgoing.value,
        headers=outgoing.headers,
    )
    return Delivery(record, decode(record))
