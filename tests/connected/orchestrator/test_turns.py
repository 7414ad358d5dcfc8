# SPDX-License-Identifier: Apache-2.0
import asyncio
from itertools import pairwise

import pytest

from shared.events import (
    AgentSwitchedEvent,
    AssistantReplied,
    LLMRequestCompletedEvent,
    LLMRequestStartedEvent,
    ToolExecutedEvent,
)
from tests.support.databases import MigratedDatabase
from tests.support.orchestrator import RunningOrchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def test_a_message_is_answered_by_the_agent_that_is_best_at_it(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id = await orchestrator.session(created_by="ann")

    turn = await orchestrator.say(session_id, "Write a file a.txt containing hello")

    assert turn["state"] == "completed"
    assert turn["agent"] == "coder"
    assert (orchestrator.workspaces / session_id / "files" / "a.txt").read_text() == "hello"


async def test_the_events_of_a_session_are_numbered_without_gaps_across_both_levels(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await orchestrator.session()
    await orchestrator.say(session_id, "Write a file a.txt containing hello")

    events = await recorded_events(database.admin_url, session_id=session_id)

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert {event.level for event in events} == {"domain", "infrastructure"}
    session = (await orchestrator.http.get(f"/v1/sessions/{session_id}")).json()
    assert session["last_sequence"] == len(events)


async def test_every_event_names_its_conversation_and_its_cause(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await orchestrator.session()
    turn = await orchestrator.say(session_id, "Calculate 6 * 7")

    events = await recorded_events(database.admin_url, session_id=session_id)

    of_turn = [each for each in events if each.correlation_id == turn["correlation_id"]]
    known = {each.event_id for each in events}
    assert len(of_turn) > 10
    assert [each for each in of_turn[1:] if each.causation_id not in known] == []


async def test_model_and_tool_calls_are_recorded_with_what_they_took(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await orchestrator.session(agent="universal")
    await orchestrator.say(session_id, "Calculate 6 * 7")

    events = await recorded_events(database.admin_url, session_id=session_id)

    started = [each for each in events if isinstance(each, LLMRequestStartedEvent)]
    completed = [each for each in events if isinstance(each, LLMRequestCompletedEvent)]
    assert len(started) == len(completed) == 2
    assert all(each.input_tokens > 0 for each in completed)
    (tool,) = [each for each in events if isinstance(each, ToolExecutedEvent)]
    assert tool.tool == "calculate"
    (reply,) = [each for each in events if isinstance(each, AssistantReplied)]
    assert "42" in reply.message_content


async def test_a_person_switches_the_agent(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await orchestrator.session()

    response = await orchestrator.http.post(
        f"/v1/sessions/{session_id}/agent", json={"agent": "debug", "reason": "it fails"}
    )

    assert response.json()["agent"] == "debug"
    events = await recorded_events(database.admin_url, session_id=session_id)
    (switch,) = [each for each in events if isinstance(each, AgentSwitchedEvent)]
    assert (switch.from_agent, switch.to_agent) == ("orchestrator", "debug")


async def test_messages_of_a_session_are_answered_one_after_the_other(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id = await orchestrator.session(agent="universal")

    turns = await asyncio.gather(
        *(orchestrator.say(session_id, f"Calculate {number} + 1") for number in range(5))
    )

    assert {turn["state"] for turn in turns} == {"completed"}
    events = await recorded_events(database.admin_url, session_id=session_id)
    working = [each.correlation_id for each in events if isinstance(each, LLMRequestCompletedEvent)]
    changes = sum(one != other for one, other in pairwise(working))
    assert changes == len(turns) - 1


async def test_an_agent_remembers_earlier_turns(orchestrator: RunningOrchestrator) -> None:
    session_id = await orchestrator.session(agent="universal")
    await orchestrator.say(session_id, "Write a file a.txt containing hello")

    turn = await orchestrator.say(session_id, "Read a.txt")

    assert "hello" in turn["reply"]
    listed = await orchestrator.http.get(f"/v1/sessions/{session_id}/turns")
    assert [each["number"] for each in listed.json()] == [1, 2]
