# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given

from services.persistence.wording import MAX_WORDS, agent_of, failed, words
from shared.events import (
    AgentErrorOccurredEvent,
    AgentSwitchedEvent,
    AgentSwitchRequested,
    ApprovalDecided,
    ApprovalRequested,
    AssistantReplied,
    BudgetExceeded,
    Event,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    MessageReceived,
    SessionForked,
    SessionUpdatedEvent,
    TaskCompleted,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    TurnCancelled,
)
from tests.support.event_strategies import any_event
from tests.support.factories import an_event


@pytest.mark.parametrize(
    ("event_class", "fields", "text"),
    [
        (MessageReceived, {"message_content": " two\n lines "}, "two lines"),
        (AssistantReplied, {"message_content": "done"}, "done"),
        (AgentSwitchedEvent, {}, "orchestrator → coder: because"),
        (AgentSwitchRequested, {}, "orchestrator → coder: because"),
        (AgentErrorOccurredEvent, {}, "RuntimeError: it broke"),
        (LLMRequestCompletedEvent, {}, "offline: 10 tokens in, 5 out"),
        (LLMRequestFailedEvent, {}, "offline: RuntimeError: it broke"),
        (ToolExecutedEvent, {}, "read_file"),
        (ToolExecutionFailedEvent, {}, "read_file: RuntimeError: it broke"),
        (ApprovalRequested, {}, "read_file for coder"),
        (ApprovalDecided, {}, "approved by reviewer"),
        (BudgetExceeded, {}, "120 of 100 tokens"),
        (TaskCompleted, {}, "done"),
        (TurnCancelled, {"cancelled_by": "ada", "reason": "enough"}, "by ada enough"),
        (SessionUpdatedEvent, {}, "idle"),
        (SessionForked, {}, "from session-2 at 1"),
    ],
)
def test_events_in_words(event_class: type[Event], fields: dict[str, Any], text: str) -> None:
    assert words(an_event(event_class, **fields)) == text


@given(any_event())
def test_words_of_any_event_fit_in_a_line(event: Event) -> None:
    assert len(words(event)) <= MAX_WORDS
    assert "\n" not in words(event)


def test_what_went_wrong_is_told_from_what_did_not() -> None:
    assert failed(an_event(ToolExecutionFailedEvent))
    assert failed(an_event(BudgetExceeded))
    assert failed(an_event(TaskCompleted, success=False))
    assert not failed(an_event(TaskCompleted, success=True))
    assert not failed(an_event(MessageReceived))


def test_the_agent_of_an_event() -> None:
    assert agent_of(an_event(ToolExecutedEvent, agent="coder")) == "coder"
    assert agent_of(an_event(TaskCompleted, agent_type="debug")) == "debug"
    assert agent_of(an_event(SessionUpdatedEvent)) is None
