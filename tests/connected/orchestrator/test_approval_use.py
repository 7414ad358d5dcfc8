# SPDX-License-Identifier: Apache-2.0
"""An approval is for one call with exact arguments, under the rules in force, and in time.

Each test names the safeguard without which it fails.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.embedded.sql import connected
from services.orchestrator.models import ModelProviderSettings
from shared.events import ApprovalRequested
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

TOOLS = ["write_file", "read_file"]
WRITE = {"tool": "write_file"}
AGENTS: dict[str, dict[str, Any]] = {
    "careful": {"tools": TOOLS, "approval": [WRITE], "handover": ["free"]},
    "free": {"tools": TOOLS},
    "four_eyes": {"tools": TOOLS, "approval": [{**WRITE, "four_eyes": True}]},
}


@pytest.fixture(scope="module")
def provider() -> Generator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("approvals")


def fields(provider: OpenAIServer, file: Path) -> dict[str, Any]:
    providers = ModelProviderSettings(
        agent_model="openai:gpt-4o-mini", openai_base_url=provider.base_url
    )
    return {"providers": providers, "agents_file": file}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchestrator(
    kafka: KafkaSettings, database: MigratedDatabase, provider: OpenAIServer, directory: Path
) -> AsyncGenerator[RunningOrchestrator]:
    file = agents_file(directory, AGENTS)
    url = database.url("orchestrator")
    async with running_orchestrator(url, kafka, directory, **fields(provider, file)) as running:
        yield running


def write(name: str) -> Answer:
    return Answer(tools=(("write_file", {"path": name, "content": "x"}),))


async def asked(
    orchestrator: RunningOrchestrator, provider: OpenAIServer, agent: str = "careful"
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    provider.script(write("a"))
    session_id = await orchestrator.session(agent=agent, created_by="ann")
    turn = await orchestrator.say(session_id, "write a")
    assert turn["state"] == "waiting"
    return session_id, turn, turn["approvals"][0]


async def completed(orchestrator: RunningOrchestrator, turn: dict[str, Any]) -> bool:
    state: str = (await orchestrator.turn(turn, wait=0))["state"]
    return state == "completed"


def files(orchestrator: RunningOrchestrator, session_id: str) -> list[str]:
    return [each.name for each in (orchestrator.workspaces / session_id / "files").iterdir()]


async def test_a_decision_that_is_sent_again_is_refused(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    """P14: replayed. Safeguard: only an open question is decided."""
    session_id, turn, approval = await asked(orchestrator, provider)
    provider.script(Answer(text="Done."))
    assert (await orchestrator.decide(session_id, approval, "approve")).status_code == 200
    assert (await orchestrator.turn(turn))["state"] == "completed"

    again = await orchestrator.decide(session_id, approval, "approve")

    assert again.status_code == 409
    assert "approved already, by ann" in again.json()["detail"]


async def test_of_two_decisions_at_once_one_counts(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    """P14: doubled. Safeguard: decisions are made while the session is locked."""
    session_id, turn, approval = await asked(orchestrator, provider)
    provider.script(Answer(text="Done."))

    answers = await asyncio.gather(
        *(orchestrator.decide(session_id, approval, "approve") for _ in range(4))
    )

    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert (await orchestrator.turn(turn))["state"] == "completed"


async def test_a_decision_about_other_arguments_is_refused(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    """P14: altered. Safeguard: the digest of what the person saw, and that of the call."""
    session_id, _, approval = await asked(orchestrator, provider)

    refused = await orchestrator.decide(session_id, approval, "approve", arguments_digest="0" * 64)

    assert refused.status_code == 409
    assert approval["arguments_digest"] in refused.json()["detail"]


async def test_a_decision_that_comes_too_late_is_refused(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    """P14: expired. Safeguard: the time is compared when a decision comes."""
    session_id, turn, approval = await asked(orchestrator, provider)
    provider.script(Answer(text="Too late."))
    async with connected(database.admin_url) as connection:
        await connection.execute(
            "UPDATE orchestrator.approvals SET expires_at = requested_at WHERE session_id = $1",
            session_id,
        )

    late = await orchestrator.decide(session_id, approval, "approve")

    assert late.status_code == 409
    assert any(word in late.json()["detail"] for word in ("ran out", "expired"))
    assert await eventually(lambda: completed(orchestrator, turn))


async def test_who_created_the_session_may_not_approve_where_four_eyes_are_asked_for(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    """P14: approver = requester. Safeguard: ``requested_by`` of the question."""
    session_id, turn, approval = await asked(orchestrator, provider, "four_eyes")
    provider.script(Answer(text="Done."))

    own = await orchestrator.decide(session_id, approval, "approve", decided_by="ann")
    other = await orchestrator.decide(session_id, approval, "approve", decided_by="bob")

    assert (own.status_code, other.status_code) == (409, 200)
    assert "somebody else" in own.json()["detail"]
    assert (await orchestrator.turn(turn))["state"] == "completed"


async def test_an_agent_that_is_handed_the_work_needs_the_same_approval(
    orchestrator: RunningOrchestrator, provider: OpenAIServer
) -> None:
    """P14: sub-agent bypass. Safeguard: ``delegated_by`` of the turn, then of the session."""
    over = Answer(tools=(("hand_over", {"to_agent": "free", "reason": "do it for me"}),))
    provider.script(over, write("a"), Answer(text="No?"), write("b"))
    session_id = await orchestrator.session(agent="careful")

    first = await orchestrator.say(session_id, "write")
    assert (first["agent"], first["state"]) == ("free", "waiting")
    await orchestrator.decide(session_id, first["approvals"][0], "reject")
    await orchestrator.turn(first)
    second = await orchestrator.say(session_id, "write")

    assert second["state"] == "waiting"
    await orchestrator.decide(session_id, second["approvals"][0], "reject")
    await orchestrator.turn(second)
    provider.script(write("c"), Answer(text="Done."))
    path = f"/v1/sessions/{session_id}/agent"
    await orchestrator.http.post(path, json={"agent": "careful"})
    await orchestrator.http.post(path, json={"agent": "free"})
    assert (await orchestrator.say(session_id, "a person chose you"))["state"] == "completed"
    assert files(orchestrator, session_id) == ["c"]


async def test_a_question_waits_through_a_restart_and_is_void_when_the_rules_have_changed(
    kafka: KafkaSettings,
    database: MigratedDatabase,
    provider: OpenAIServer,
    orchestrator: RunningOrchestrator,
    tmp_path: Path,
) -> None:
    """Safeguard: the version of the policy that the question was asked under."""
    session_id, turn, approval = await asked(orchestrator, provider)
    changed = {**AGENTS, "careful": {**AGENTS["careful"], "approval": [{"tool": "*"}]}}
    file = agents_file(tmp_path, changed)

    async with running_orchestrator(
        database.url("orchestrator"), kafka, orchestrator.workspaces, **fields(provider, file)
    ) as restarted:
        assert (await restarted.turn(turn, wait=0))["state"] == "waiting"
        void = await restarted.decide(session_id, approval, "approve")

    assert void.status_code == 409
    assert "rules have changed" in void.json()["detail"]


async def test_a_decision_that_came_while_another_call_was_made_is_not_forgotten(
    orchestrator: RunningOrchestrator, database: MigratedDatabase, provider: OpenAIServer
) -> None:
    """Safeguard: ``TurnLedger.record`` reads again what waits for people.

    The approval is decided in the same moment as the first call is made; whichever is first, the
    turn comes to its end.
    """
    for _ in range(5):
        provider.script(
            Answer(
                tools=(
                    ("read_file", {"path": "nothing"}),
                    ("write_file", {"path": "a", "content": "x"}),
                )
            ),
            Answer(text="Done."),
        )
        session_id = await orchestrator.session(agent="careful")
        turn = await orchestrator.say(session_id, "read, then write", wait=0)
        path = f"/v1/sessions/{session_id}/approvals"

        async def questions(path: str = path) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await orchestrator.http.get(path)).json()
            return found

        (question,) = await eventually(questions)
        await orchestrator.decide(session_id, question, "approve")

        assert (await orchestrator.turn(turn))["state"] == "completed"
        events = await recorded_events(database.admin_url, session_id=session_id)
        assert sum(isinstance(each, ApprovalRequested) for each in events) == 1
