# SPDX-License-Identifier: Apache-2.0
"""Turns with a real provider: an OpenAI-compatible server, asked over HTTP."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from services.orchestrator.models import ModelProviderSettings
from shared.events import LLMRequestCompletedEvent, LLMRequestFailedEvent, TaskCompleted
from tests.support.databases import MigratedDatabase
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.openai_server import Answer, Failure, OpenAIServer
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
    workspaces = tmp_path_factory.mktemp("workspaces")
    async with (
        topics_of_our_own(servers) as kafka,
        running_orchestrator(
            database.url("orchestrator"), kafka, workspaces, providers=providers
        ) as running,
    ):
        yield running


async def test_a_turn_with_tools_is_held_with_a_provider(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(
        Answer(tools=(("write_file", {"path": "a.txt", "content": "hello"}),)),
        Answer(text="I wrote it."),
    )
    session_id = await orchestrator.session(agent="universal")

    turn = await orchestrator.say(session_id, "write hello into a.txt, please")

    assert (turn["state"], turn["reply"]) == ("completed", "I wrote it.")
    assert (orchestrator.workspaces / session_id / "files" / "a.txt").read_text() == "hello"
    events = await recorded_events(database.admin_url, session_id=session_id)
    calls = [each for each in events if isinstance(each, LLMRequestCompletedEvent)]
    assert [(each.input_tokens, each.output_tokens) for each in calls] == [(100, 10)] * 2
    assert all(each.cost_usd is not None and each.cost_usd > 0 for each in calls)
    asked = provider.requests[-1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "tool"]


async def test_a_provider_that_is_busy_is_asked_again(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    provider.script(Failure(status=429), Failure(status=503), Answer(text="Now."))
    session_id = await orchestrator.session(agent="universal")

    turn = await orchestrator.say(session_id, "Are you there?")

    assert (turn["state"], turn["reply"]) == ("completed", "Now.")


async def test_a_provider_that_is_down_fails_the_turn_and_the_session_lives(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(*[Failure(status=500)] * 3, Answer(text="Back again."))
    session_id = await orchestrator.session(agent="universal")

    failed = await orchestrator.say(session_id, "Are you there?")
    following = await orchestrator.say(session_id, "And now?")

    assert failed["state"] == "failed"
    assert "500" in failed["error"]
    assert following["reply"] == "Back again."
    events = await recorded_events(database.admin_url, session_id=session_id)
    (failure,) = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert failure.error_type == "ModelUnavailable"
    ended = [each.success for each in events if isinstance(each, TaskCompleted)]
    assert ended == [False, True]


async def test_a_call_of_a_tool_that_there_is_not_is_told_to_the_model(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    provider.script(
        Answer(tools=(("launch_rocket", {}), ("write_file", {"no": "path"}))),
        Answer(text="Sorry."),
    )
    session_id = await orchestrator.session(agent="universal")

    turn = await orchestrator.say(session_id, "Launch!")

    assert turn["reply"] == "Sorry."
    told = [each["content"] for each in provider.requests[-1]["messages"] if each["role"] == "tool"]
    assert "no tool 'launch_rocket'" in told[0]
    assert "path" in told[1]
