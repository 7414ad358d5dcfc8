# SPDX-License-Identifier: Apache-2.0
"""Turns with a real provider: an OpenAI-compatible server, asked over HTTP."""

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from services.orchestrator.models import ModelProviderSettings
from shared.events import LLMRequestCompletedEvent, LLMRequestFailedEvent, TaskCompleted
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.kafka.topics_of_test import topics_of_our_own
from tests.support.openai_server import Answer, Failure, OpenAIServer, Reply, Request
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events
from tests.support.shared_servers import SharedServers

AGENTS: dict[str, dict[str, Any]] = {
    "universal": {"tools": ["read_file", "write_file"]},
    "strict": {"model": "openai:gpt-4o-mini", "fallback_model": "openai:gpt-4o"},
    "steady": {
        "model": "openai:gpt-4.1",
        "fallback_model": "openai:gpt-4o",
        "tools": ["write_file"],
    },
}

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
            database.url("orchestrator"),
            kafka,
            workspaces,
            providers=providers,
            agents_file=agents_file(workspaces, AGENTS),
            model_breaker_failures=4,
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
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    limited = Failure(status=429, headers={"retry-after-ms": "20"})
    provider.script(limited, Failure(status=503), Answer(text="Now."))
    session_id = await orchestrator.session(agent="universal")

    turn = await orchestrator.say(session_id, "Are you there?")

    assert (turn["state"], turn["reply"]) == ("completed", "Now.")
    events = await recorded_events(database.admin_url, session_id=session_id)
    (answered,) = [each for each in events if isinstance(each, LLMRequestCompletedEvent)]
    assert (answered.attempts, answered.fallback_for) == (3, "")
    assert [each.retry_after_seconds for each in answered.failed_attempts] == [0.02, None]
    assert [each.error_type for each in answered.failed_attempts] == ["ModelUnavailable"] * 2
    assert all(each.waited_seconds for each in answered.failed_attempts)


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
    assert (failure.attempts, failure.retried, failure.step) == (3, True, 1)
    assert [each.waited_seconds is None for each in failure.failed_attempts] == [False, False, True]
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


async def test_a_model_that_stays_away_is_stood_in_for_and_left_alone(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    """The fallback is asked what the model was asked; after four failures it alone is asked.

    Safeguards: ``Agent.models`` in ``turns/asking.py`` and the breaker of each model.
    """
    answers = [
        Answer(tools=(("write_file", {"path": "a.txt", "content": "x"}),)),
        Answer(text="It is written."),
        Answer(text="Still here."),
    ]
    asked: list[Request] = []

    def respond(request: Request) -> Reply:
        asked.append(request)
        return Failure(status=503) if request["model"] == "gpt-4.1" else answers.pop(0)

    before, provider.respond = provider.respond, respond
    session_id = await orchestrator.session(agent="steady")
    written = await orchestrator.say(session_id, "Write x into a.txt")
    following = await orchestrator.say(session_id, "And now?")
    provider.respond = before

    assert (written["reply"], following["reply"]) == ("It is written.", "Still here.")
    assert Counter(each["model"] for each in asked) == {"gpt-4.1": 4, "gpt-4o": 3}
    assert {**asked[0], "model": "gpt-4o"} == asked[3]
    assert {**asked[4], "model": "gpt-4o"} == asked[5]
    events = await recorded_events(database.admin_url, session_id=session_id)
    failed = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert [(each.model, each.fallback_model) for each in failed] == [
        ("openai:gpt-4.1", "openai:gpt-4o")
    ] * 3
    assert [(each.attempts, each.error_type) for each in failed] == [
        (3, "ModelUnavailable"),
        (1, "ModelCircuitOpen"),
        (0, "ModelCircuitOpen"),
    ]
    answered = [each for each in events if isinstance(each, LLMRequestCompletedEvent)]
    assert {
        (each.model, each.requested_model, each.fallback_for, each.cost_usd) for each in answered
    } == {("gpt-4o", "openai:gpt-4o", "openai:gpt-4.1", Decimal("0.0003"))}
    shown = (await orchestrator.http.get("/metrics")).text
    assert 'agent_runtime_llm_circuit_breaker_state{model="openai:gpt-4.1"} 2.0' in shown
    assert 'agent_runtime_llm_circuit_breaker_state{model="openai:gpt-4o"} 0.0' in shown


async def test_a_refusal_is_not_handed_to_the_fallback(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.respond = lambda request: Failure(status=400, message=f"not {request['model']}")
    session_id = await orchestrator.session(agent="strict")

    turn = await orchestrator.say(session_id, "Will you?")
    provider.respond = provider._next

    assert turn["state"] == "failed"
    assert "not gpt-4o-mini" in turn["error"]
    events = await recorded_events(database.admin_url, session_id=session_id)
    (failure,) = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert (failure.error_type, failure.attempts, failure.retried) == ("ModelRefused", 1, False)


@pytest.mark.parametrize(
    "used_up", [Failure(status=429, code="insufficient_quota"), Failure(status=402)]
)
async def test_a_used_up_quota_is_handed_to_the_fallback_at_once(
    orchestrator: RunningOrchestrator,
    database: MigratedDatabase,
    provider: OpenAIServer,
    used_up: Failure,
) -> None:
    """Safeguard: ``ModelQuotaExceeded`` is neither waited for nor an end in ``turns/asking.py``."""
    before = len(provider.requests)
    provider.script(used_up, Answer(text="I will."))
    session_id = await orchestrator.session(agent="strict")

    turn = await orchestrator.say(session_id, "Will you?")

    assert (turn["state"], turn["reply"]) == ("completed", "I will.")
    asked = [each["model"] for each in provider.requests[before:]]
    assert asked == ["gpt-4o-mini", "gpt-4o"]
    events = await recorded_events(database.admin_url, session_id=session_id)
    (failure,) = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert (failure.error_type, failure.attempts) == ("ModelQuotaExceeded", 1)
    assert (failure.retried, failure.fallback_model) == (False, "openai:gpt-4o")
