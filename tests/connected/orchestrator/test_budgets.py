# SPDX-License-Identifier: Apache-2.0
"""An agent stops before the call that would exceed a budget; the session goes on.

Safeguard: ``Budgets.reserve_model_call`` and ``reserve_tool_call`` in the transaction that decides
on the call, and ``calls_breach`` for what goes round in a loop.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
import pytest_asyncio

from services.orchestrator.models import ModelProviderSettings
from services.orchestrator.tools import BUILT_IN
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from shared.events import (
    BudgetExceeded,
    LLMRequestFailedEvent,
    LLMRequestStartedEvent,
    TaskCompleted,
    ToolExecutionFailedEvent,
)
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.openai_server import Answer, Hang, OpenAIServer
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

AGENTS: dict[str, dict[str, Any]] = {
    "free": {"tools": ["write_file", "read_file", "calculate"], "handover": ["other"]},
    "other": {"handover": ["free"]},
    "few_tools": {"tools": ["write_file"], "budgets": {"tool_calls": 1}},
    "few_models": {"tools": ["calculate"], "budgets": {"model_calls": 2}},
    "few_tokens": {"max_output_tokens": 50, "budgets": {"tokens": 1000}},
    "cheap": {"max_output_tokens": 1000, "budgets": {"cost_usd": "0.0007"}},
    "alone": {"handover": ["free"], "budgets": {"handovers": 0}},
    "steps": {"tools": ["calculate"], "budgets": {"max_steps": 2}},
    "brief": {"fallback_model": "openai:gpt-4o", "budgets": {"wall_time": 0.4}},
    "hasty": {"tools": ["stall"], "budgets": {"wall_time": 1.5}},
}


class Stall(Arguments):
    """Nothing to choose."""


class Stalling:
    """A tool that never ends by itself, and notes that it was stopped."""

    def __init__(self) -> None:
        self.begun = 0
        self.stopped = 0
        self.tool = FunctionTool(
            name="stall",
            description="Take for ever.",
            safety="non_repeatable",
            arguments=Stall,
            function=self._stall,
        )

    async def _stall(self, _arguments: Stall, _context: ToolContext) -> ToolResult:
        self.begun += 1
        try:
            return await asyncio.Future[ToolResult]()
        finally:
            self.stopped += 1


@pytest.fixture(scope="module")
def stalling() -> Stalling:
    return Stalling()


@pytest.fixture(scope="module")
def provider() -> Generator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchestrator(
    kafka: KafkaSettings,
    database: MigratedDatabase,
    provider: OpenAIServer,
    stalling: Stalling,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[RunningOrchestrator]:
    directory = tmp_path_factory.mktemp("budgets")
    providers = ModelProviderSettings(
        agent_model="openai:gpt-4o-mini", openai_base_url=provider.base_url
    )
    async with running_orchestrator(
        database.url("orchestrator"),
        kafka,
        directory,
        providers=providers,
        agents_file=agents_file(directory, AGENTS),
        tools=[*BUILT_IN, stalling.tool],
    ) as running:
        yield running


def calls(*calls: tuple[str, object]) -> Answer:
    return Answer(tools=calls, input_tokens=100, output_tokens=10)


def write(name: str) -> tuple[str, object]:
    return "write_file", {"path": name, "content": name}


def calculate(number: int) -> tuple[str, object]:
    return "calculate", {"expression": f"{number} + 1"}


async def breach_of(database: MigratedDatabase, session_id: str) -> BudgetExceeded:
    events = await recorded_events(database.admin_url, session_id=session_id)
    (exceeded,) = [each for each in events if isinstance(each, BudgetExceeded)]
    assert [each.success for each in events if isinstance(each, TaskCompleted)][-1] is False
    return exceeded


async def test_the_call_of_a_tool_that_would_exceed_is_not_made_and_the_session_goes_on(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(calls(write("a"), write("b")))
    session_id = await orchestrator.session(agent="few_tools")

    turn = await orchestrator.say(session_id, "write two files")

    files = orchestrator.workspaces / session_id / "files"
    assert turn["state"] == "failed"
    assert [each.name for each in files.iterdir()] == ["a"]
    exceeded = await breach_of(database, session_id)
    assert (exceeded.budget, exceeded.scope) == ("tool_calls", "agent")
    assert (exceeded.limit, exceeded.used, exceeded.wanted) == (1, 1, 1)
    assert str(exceeded.budget) in turn["error"]

    provider.script(Answer(text="Yes."))
    assert (await orchestrator.say(session_id, "still there?"))["reply"] == "Yes."
    told = [each for each in provider.requests[-1]["messages"] if each["role"] == "tool"]
    made, dropped = (each["content"] for each in told)
    assert made == "wrote a (1 bytes)"
    assert "not made" in dropped


async def test_the_model_is_not_asked_once_more_than_its_agent_may_ask(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    before = len(provider.requests)
    provider.script(calls(calculate(1)), calls(calculate(2)), Answer(text="never asked for"))
    session_id = await orchestrator.session(agent="few_models")

    await orchestrator.say(session_id, "calculate")
    again = await orchestrator.say(session_id, "and now?")

    assert len(provider.requests) - before == 2
    assert (again["state"], again["reply"]) == ("failed", None)
    provider.forget_script()
    events = await recorded_events(database.admin_url, session_id=session_id)
    breaches = [each for each in events if isinstance(each, BudgetExceeded)]
    assert [(each.budget, each.used, each.wanted) for each in breaches] == [
        ("model_calls", 2, 1)
    ] * 2
    assert sum(isinstance(each, LLMRequestStartedEvent) for each in events) == 2


@pytest.mark.parametrize(("agent", "budget"), [("few_tokens", "tokens"), ("cheap", "cost_usd")])
async def test_tokens_and_money_are_set_aside_before_the_model_is_asked(
    orchestrator: RunningOrchestrator,
    database: MigratedDatabase,
    provider: OpenAIServer,
    agent: str,
    budget: str,
) -> None:
    before = len(provider.requests)
    session_id = await orchestrator.session(agent=agent)
    provider.script(Answer(text="Fine.", input_tokens=100, output_tokens=10))
    assert (await orchestrator.say(session_id, "hello"))["reply"] == "Fine."

    refused = await orchestrator.say(session_id, "x" * 9000)

    assert refused["state"] == "failed"
    assert len(provider.requests) - before == 1
    exceeded = await breach_of(database, session_id)
    assert exceeded.budget == budget
    assert exceeded.used + exceeded.wanted > exceeded.limit > exceeded.used


async def test_a_session_has_a_budget_of_its_own_from_its_creation(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(calls(write("a")))
    session_id = await orchestrator.session(agent="free", budget={"tool_calls": 0})

    turn = await orchestrator.say(session_id, "write")

    assert turn["state"] == "failed"
    exceeded = await breach_of(database, session_id)
    assert (exceeded.budget, exceeded.scope) == ("tool_calls", "session")


async def test_an_agent_that_may_not_hand_over_is_stopped_when_it_does(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(calls(("hand_over", {"to_agent": "free", "reason": "r"})))
    session_id = await orchestrator.session(agent="alone")

    turn = await orchestrator.say(session_id, "go")

    assert (turn["state"], turn["agent"]) == ("failed", "alone")
    assert (await breach_of(database, session_id)).budget == "handovers"


async def test_agents_that_hand_over_in_a_circle_are_stopped(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    there = calls(("hand_over", {"to_agent": "other", "reason": "yours"}))
    back = calls(("hand_over", {"to_agent": "free", "reason": "no, yours"}))
    provider.script(there, back, there, back, there)
    session_id = await orchestrator.session(agent="free")

    turn = await orchestrator.say(session_id, "whose is this?")

    assert turn["state"] == "failed"
    exceeded = await breach_of(database, session_id)
    assert (exceeded.budget, exceeded.used) == ("circles", 2)
    assert "in a circle" in turn["error"]


async def test_a_call_that_is_repeated_with_the_same_result_is_stopped(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(*[calls(calculate(1))] * 6)
    session_id = await orchestrator.session(agent="free")

    turn = await orchestrator.say(session_id, "calculate for ever")

    assert turn["state"] == "failed"
    exceeded = await breach_of(database, session_id)
    assert (exceeded.budget, exceeded.limit, exceeded.used) == ("repeated_calls", 5, 5)
    assert "calculate" in exceeded.detail


async def test_the_steps_of_a_turn_are_bounded(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    provider.script(calls(calculate(1)), calls(calculate(2)))
    session_id = await orchestrator.session(agent="steps")

    turn = await orchestrator.say(session_id, "calculate")

    assert turn["state"] == "failed"
    assert (await breach_of(database, session_id)).budget == "steps"


async def test_the_request_to_a_model_is_cut_off_when_the_time_for_calls_is_over(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    """Neither it nor the fallback is asked any more. Safeguard: the time limit in ``ask``."""
    before = len(provider.requests)
    provider.script(Hang())
    session_id = await orchestrator.session(agent="brief")

    turn = await orchestrator.say(session_id, "take your time")
    again = await orchestrator.say(session_id, "and now?")

    assert await asyncio.to_thread(provider.abandoned.acquire, timeout=10)
    assert len(provider.requests) - before == 1
    assert [each["state"] for each in (turn, again)] == ["failed", "failed"]
    assert "0.4 wall_time" in turn["error"]
    events = await recorded_events(database.admin_url, session_id=session_id)
    breaches = [each for each in events if isinstance(each, BudgetExceeded)]
    assert [(each.budget, each.scope, each.limit) for each in breaches] == [
        ("wall_time", "agent", 0.4)
    ] * 2
    assert all(each.used >= each.limit for each in breaches)
    (failed,) = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert (failed.error_type, failed.attempts, failed.fallback_model) == ("ModelCutOff", 1, "")


async def test_the_call_of_a_tool_is_cut_off_when_the_time_for_calls_is_over(
    orchestrator: RunningOrchestrator,
    database: MigratedDatabase,
    provider: OpenAIServer,
    stalling: Stalling,
) -> None:
    """Safeguard: ``CallRunner._context`` gives a tool no more time than is left."""
    before = len(provider.requests)
    provider.script(calls(("stall", {})))
    session_id = await orchestrator.session(agent="hasty")

    turn = await orchestrator.say(session_id, "stall")

    assert turn["state"] == "failed"
    assert (stalling.begun, stalling.stopped) == (1, 1)
    assert len(provider.requests) - before == 1
    assert (await breach_of(database, session_id)).budget == "wall_time"
    events = await recorded_events(database.admin_url, session_id=session_id)
    (failed,) = [each for each in events if isinstance(each, ToolExecutionFailedEvent)]
    assert failed.error_type == "ToolOutcomeUnknown"
