# SPDX-License-Identifier: Apache-2.0
"""Sessions as the orchestrator records them: each turn a question, a model call and an answer."""

from collections.abc import Sequence
from decimal import Decimal

from shared.events import (
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    AssistantReplied,
    Event,
    LLMRequestCompletedEvent,
    LLMRequestStartedEvent,
    MessageAddedEvent,
    MessageReceived,
    SessionCreated,
    TaskCompleted,
)
from tests.support.conversations import Recorder

QUESTION = "what does the build say now, and what should be done about it? "
ANSWER = "the build fails in the second stage; the lock file is older than the manifest. "


def session_of(
    turns: int, *, session_id: str = "session-1", question: str = QUESTION, answer: str = ANSWER
) -> Sequence[Event]:
    """Return the events of a session with so many turns."""
    recorder = Recorder(session_id)
    recorder.add(SessionCreated, agent="coder", title="a session", created_by="ada")
    for number in range(turns):
        _turn(recorder, f"turn-{number}", question, answer)
    return recorder.events


def _turn(recorder: Recorder, turn_id: str, question: str, answer: str) -> None:
    asked = recorder.add(
        MessageReceived,
        turn_id=turn_id,
        message_content=question,
        message_length=len(question),
        message_id=f"{turn_id}-question",
    )
    at = {"cause": asked, "turn_id": turn_id}
    recorder.add(MessageAddedEvent, cause=asked, role="user", message_length=len(question))
    recorder.add(AgentProcessingStartedEvent, **at, agent="coder")
    recorder.add(LLMRequestStartedEvent, **at, agent="coder", model="offline")
    recorder.add(
        LLMRequestCompletedEvent,
        **at,
        agent="coder",
        model="offline",
        input_tokens=100,
        output_tokens=20,
        cached_tokens=0,
        cost_usd=Decimal("0.0001"),
        duration_seconds=0.01,
    )
    recorder.add(
        AssistantReplied,
        **at,
        agent_type="coder",
        message_id=f"{turn_id}-answer",
        message_content=answer,
        message_length=len(answer),
    )
    recorder.add(MessageAddedEvent, cause=asked, role="assistant", message_length=len(answer))
    recorder.add(
        AgentProcessingCompletedEvent, **at, agent="coder", duration_seconds=0.02, success=True
    )
    recorder.add(TaskCompleted, **at, agent_type="coder", success=True, result_summary="answered")
