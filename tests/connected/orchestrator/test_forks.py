# SPDX-License-Identifier: Apache-2.0
"""Forks: the past is copied and not done again, the original stays as it is."""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
import pytest_asyncio

from services.orchestrator.models import ModelProviderSettings
from shared.events import (
    AgentAssigned,
    LLMRequestCompletedEvent,
    MessageInherited,
    SessionForked,
    ToolExecutedEvent,
)
from tests.support.databases import MigratedDatabase
from tests.support.forks import fork, said, two_turns, write
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events
from tests.support.shared_servers import SharedServers

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def provider() -> Generator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchestrator(
    servers: SharedServers,
    database: MigratedDatabase,
    provider: OpenAIServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[RunningOrchestrator]:
    providers = ModelProviderSettings(
        agent_model="openai:gpt-4o-mini", openai_base_url=provider.base_url
    )
    async with (
        topics_of_our_own(servers) as kafka,
        running_orchestrator(
            database.url("orchestrator"),
            kafka,
            tmp_path_factory.mktemp("workspaces"),
            providers=providers,
        ) as running,
    ):
        yield running


def file_of(orchestrator: RunningOrchestrator, session_id: str) -> str | None:
    path = orchestrator.workspaces / session_id / "files" / "notes.txt"
    return path.read_text() if path.exists() else None


async def finished(orchestrator: RunningOrchestrator, forked: dict[str, Any]) -> dict[str, Any]:
    """Return the turn that a fork goes on with, when it has ended."""
    (turn_id,) = forked["fork"]["turn_ids"]
    return await orchestrator.turn({"session_id": forked["id"], "id": turn_id})


async def test_a_model_sees_in_a_fork_what_it_saw_in_the_original_and_then_the_changed_message(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    before = said(provider.requests[-2])
    provider.script(Answer(text="It says three."))

    forked = await fork(orchestrator, session_id, before_turn="2", message="Make it three")

    turn = await finished(orchestrator, forked)
    assert (turn["number"], turn["reply"]) == (2, "It says three.")
    assert said(provider.requests[-1]) == [*before[:-1], ("user", "Make it three")]
    assert before[-1] == ("user", "Make it two")


async def test_nothing_of_the_copied_past_is_done_again(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    """Safeguard: the past is told by events of its own, which no figure counts."""
    session_id = await two_turns(orchestrator, provider)
    asked = len(provider.requests)

    forked = await fork(orchestrator, session_id, forked_by="bob", reason="to compare")

    events = await recorded_events(database.admin_url, session_id=forked["id"])
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    assert [each for each in events if isinstance(each, LLMRequestCompletedEvent)] == []
    assert [each for each in events if isinstance(each, ToolExecutedEvent)] == []
    inherited = [each for each in events if isinstance(each, MessageInherited)]
    assert [(each.role, each.message_content) for each in inherited] == [
        ("user", "Write one into notes.txt"),
        ("assistant", "It says one."),
        ("user", "Make it two"),
        ("assistant", "It says two."),
    ]
    assert (forked["message_count"], forked["turn_count"]) == (4, 2)
    assert forked["created_by"] == "bob"
    assert len(provider.requests) == asked


async def test_both_sessions_tell_of_the_fork_and_the_past_of_the_original_stays(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    path = f"/v1/sessions/{session_id}"
    before = await recorded_events(database.admin_url, session_id=session_id)
    turns = (await orchestrator.http.get(f"{path}/turns")).json()
    provider.script(write("notes.txt", "three"), Answer(text="It says three."))

    forked = await fork(orchestrator, session_id, after_turn="1", message="Make it three")
    await finished(orchestrator, forked)

    after = await recorded_events(database.admin_url, session_id=session_id)
    assert after[: len(before)] == before
    (told,) = after[len(before) :]
    assert isinstance(told, SessionForked)
    assert (told.direction, told.other_session_id) == ("to", forked["id"])
    assert told.at_sequence == forked["fork"]["at_sequence"]
    assert (await orchestrator.http.get(f"{path}/turns")).json() == turns
    assert file_of(orchestrator, session_id) == "two"
    assert [each["id"] for each in (await orchestrator.http.get(f"{path}/forks")).json()] == [
        forked["id"]
    ]
    mine = await recorded_events(database.admin_url, session_id=forked["id"])
    (origin,) = [each for each in mine if isinstance(each, SessionForked)]
    assert (origin.direction, origin.other_session_id) == ("from", session_id)
    assert origin.changed == ["message"]


@pytest.mark.parametrize(
    ("point", "files", "content"),
    [
        ({}, "copied", "two"),
        ({"after_turn": "2"}, "copied", "two"),
        ({"after_turn": "1"}, "rebuilt", "one"),
        ({"before_turn": "1"}, "rebuilt", None),
        ({"workspace": "empty"}, "empty", None),
    ],
)
async def test_the_files_are_those_of_the_point(
    orchestrator: RunningOrchestrator,
    provider: OpenAIServer,
    point: dict[str, str],
    files: str,
    content: str | None,
) -> None:
    session_id = await two_turns(orchestrator, provider)

    forked = await fork(orchestrator, session_id, **point)

    assert forked["fork"]["workspace"] == files
    assert file_of(orchestrator, forked["id"]) == content
    assert file_of(orchestrator, session_id) == "two"


async def test_a_fork_of_a_fork_has_the_files_of_its_point_too(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    first = await fork(orchestrator, session_id)

    second = await fork(orchestrator, first["id"], after_turn="1")

    assert second["fork"]["workspace"] == "rebuilt"
    assert file_of(orchestrator, second["id"]) == "one"
    assert (second["turn_count"], second["message_count"]) == (1, 2)


async def test_a_turn_is_done_again_from_a_point_inside_it_with_another_model(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    events = await recorded_events(database.admin_url, session_id=session_id)
    edited = [each for each in events if isinstance(each, ToolExecutedEvent)][-1].sequence
    before = said(provider.requests[-1])
    provider.script(Answer(text="Now two."))

    forked = await fork(orchestrator, session_id, sequence=edited, model="openai:gpt-4o")

    turn = await finished(orchestrator, forked)
    assert turn["reply"] == "Now two."
    assert provider.requests[-1]["model"] == "gpt-4o"
    assert said(provider.requests[-1]) == before
    assert file_of(orchestrator, forked["id"]) == "two"
    assert forked["model"] == "openai:gpt-4o"


async def test_another_agent_goes_on_in_the_fork(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    provider.script(Answer(text="I see."))

    forked = await fork(orchestrator, session_id, agent="debug", message="Why two?")

    assert (await finished(orchestrator, forked))["agent"] == "debug"
    events = await recorded_events(database.admin_url, session_id=forked["id"])
    assigned = [each for each in events if isinstance(each, AgentAssigned)]
    assert [each.agent_type for each in assigned] == ["debug"]


async def test_the_same_request_forks_once(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    path = f"/v1/sessions/{session_id}/fork"
    headers = {"Idempotency-Key": "once"}

    one, other = [
        await orchestrator.http.post(path, json={"after_turn": "1"}, headers=headers)
        for _ in range(2)
    ]

    assert one.json() == other.json()
    forks = (await orchestrator.http.get(f"/v1/sessions/{session_id}/forks")).json()
    assert len(forks) == 1


async def test_a_session_that_has_ended_can_be_forked_and_the_fork_goes_on(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    session_id = await two_turns(orchestrator, provider)
    await orchestrator.http.post(f"/v1/sessions/{session_id}/complete")

    assert (await fork(orchestrator, session_id))["state"] == "active"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"sequence": 100_000}, "events"),
        ({"before_turn": "9"}, "no turn"),
        ({"agent": "nobody"}, "nobody"),
        ({"model": "nothing"}, "nothing"),
        ({"before_turn": "1", "sequence": 3}, "one point"),
        ({"message": "  "}, "blanks"),
        ({"sequence": 5, "message": "else"}, "turn 1 had not ended"),
    ],
)
async def test_what_cannot_be_forked_is_refused_and_nothing_is_recorded(
    orchestrator: RunningOrchestrator,
    database: MigratedDatabase,
    provider: OpenAIServer,
    body: dict[str, Any],
    word: str,
) -> None:
    session_id = await two_turns(orchestrator, provider)
    before = len(await recorded_events(database.admin_url))
    spaces = len(list(orchestrator.workspaces.iterdir()))

    response = await orchestrator.http.post(f"/v1/sessions/{session_id}/fork", json=body)

    assert response.status_code == 422
    assert word in response.json()["detail"]
    assert len(await recorded_events(database.admin_url)) == before
    assert len(list(orchestrator.workspaces.iterdir())) == spaces


async def test_a_deleted_session_cannot_be_forked(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    session_id = await orchestrator.session()
    await orchestrator.http.delete(f"/v1/sessions/{session_id}")

    response = await orchestrator.http.post(f"/v1/sessions/{session_id}/fork", json={})

    assert response.status_code == 404
