# SPDX-License-Identifier: Apache-2.0
"""A person talks to agents, decides and steers with ``agentctl`` alone."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import pytest_asyncio

from shared.events import OutboxReplayed, Topics
from shared.messaging import Record, decode
from shared.settings import KafkaSettings
from tests.support.agentctl import Agentctl, Outcome
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.orchestrator import RunningOrchestrator, served_orchestrator
from tests.support.topic_reader import records_of

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

Run = Callable[..., Awaitable[Outcome]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica(
    kafka: KafkaSettings, database: MigratedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningOrchestrator]:
    directory = tmp_path_factory.mktemp("workspaces")
    async with served_orchestrator(database.url("orchestrator"), kafka, directory) as running:
        yield running


@pytest.fixture
def agentctl(
    replica: RunningOrchestrator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run commands against the replica, one at a time."""
    monkeypatch.setenv("AGENTCTL_ORCHESTRATOR_URL", str(replica.http.base_url))
    command = Agentctl(capture=capsys)

    async def run(*arguments: str) -> Outcome:
        return await asyncio.to_thread(command, *arguments)

    return run


async def test_a_person_sends_decides_and_steers(
    agentctl: Run, replica: RunningOrchestrator
) -> None:
    session = (await agentctl("sessions", "create", "--agent", "coder", "--by", "ann")).out.strip()
    message = "Write a file protected/a.txt containing hello"
    sent = await agentctl("sessions", "send", session, message, "--wait", "--json")
    listed = (await agentctl("approvals", "list", "--json")).data
    assert (sent.data["state"], listed[0]["session_id"]) == ("waiting", session)

    approved = await agentctl("approvals", "approve", session, "--by", "bob")
    again = await agentctl("approvals", "approve", session, listed[0]["id"], "--by", "bob")
    answered = await replica.turn(sent.data)
    asked = await agentctl("sessions", "send", session, "What is 6 * 7?", "--wait")

    assert approved.out.endswith("approved by bob\n")
    assert (again.code, "approved already, by bob" in again.err) == (1, True)
    assert answered["state"] == "completed"
    assert asked.code == 0
    assert "coder calls calculate" in asked.out
    assert "42" in asked.out

    await agentctl("sessions", "pause", session, "--by", "ann")
    queued = await agentctl("sessions", "send", session, "Read protected/a.txt")
    cancelled = await agentctl("sessions", "cancel", session)
    await agentctl("sessions", "switch", session, "ask")
    await agentctl("sessions", "resume", session)
    await agentctl("sessions", "complete", session)
    watched = await agentctl("sessions", "watch", session, "--after", "0", "--json")

    assert (queued.out.split()[-1], cancelled.out) == ("queued", "cancelled 1 turn: 3\n")
    types = [json.loads(line)["type"].split(".")[2] for line in watched.out.splitlines()]
    assert (types[0], watched.code) == ("session_created", 0)
    assert {"approval_decided", "turn_cancelled", "agent_switched"} < set(types)
    assert types[-2:] == ["conversation_completed", "session_updated"]


async def test_a_person_does_what_an_agent_asks_of_the_client(
    agentctl: Run, replica: RunningOrchestrator
) -> None:
    tool = {"name": "pick", "description": "has the user pick"}
    session = await replica.session(agent="universal", client_tools=[tool])
    sent = await agentctl("sessions", "send", session, 'use pick {"what": "x"}', "--wait", "--json")
    (call,) = sent.data["client_calls"]

    given = await agentctl("sessions", "answer", session, call["call_id"], "--result", "blue")

    assert given.out == "pick is committed\n"
    await eventually(lambda: replied(replica, sent.data, "blue"))


async def replied(replica: RunningOrchestrator, turn: dict[str, str], word: str) -> bool:
    return word in ((await replica.turn(turn, wait=0))["reply"] or "")


async def test_an_operator_looks_at_the_outbox_and_has_a_session_published_again(
    agentctl: Run, replica: RunningOrchestrator, kafka: KafkaSettings
) -> None:
    """The events of the session are twice on the topic then, each time in order."""
    session = (await agentctl("sessions", "create", "--by", "ann")).out.strip()
    await eventually(lambda: _waits_for_nothing(agentctl))
    topics = Topics(kafka.topic_prefix)

    which = ("outbox", "replay", "--session", session, "--json")
    dry = (await agentctl(*which, "--dry-run")).data
    done = (await agentctl(*which, "--by", "ann", "--reason", "lost")).data
    await eventually(lambda: _waits_for_nothing(agentctl))
    both = ("outbox", "replay", "--session", session, "--from", "1h", "--to", "0s")
    refused = await agentctl(*both)
    written = await records_of(kafka, topics.domain)
    told = [decode(Record.of(each)) for each in await records_of(kafka, topics.infrastructure)]

    assert (dry["dry_run"], done["dry_run"]) == (True, False)
    assert dry["records"] == done["records"] > 0
    mine = [each for each in written if each.key == session.encode()]
    assert [each.value for each in mine] == 2 * [each.value for each in mine[: len(mine) // 2]]
    [event] = [each for each in told if isinstance(each, OutboxReplayed)]
    assert (event.replayed_session_id, event.records) == (session, done["records"])
    assert (event.operator, event.reason) == ("ann", "lost")
    assert (refused.code, "say what" in refused.err) == (1, True)


async def _waits_for_nothing(agentctl: Run) -> bool:
    found = (await agentctl("outbox", "list", "--json")).data
    assert found["retention_seconds"] == 24 * 3600
    return (found["waiting"], found["items"]) == (0, [])
