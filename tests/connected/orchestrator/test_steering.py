# SPDX-License-Identifier: Apache-2.0
"""People steer what is going on, at any replica: cancel, pause, resume, complete, and time does."""

import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.orchestrator.models import ModelProviderSettings
from shared.events import (
    LLMRequestFailedEvent,
    SessionDeleted,
    SessionDeletedEvent,
    SessionErased,
    SessionErasedEvent,
    SessionExpired,
    SessionUpdatedEvent,
    ToolExecutionFailedEvent,
    ToolExecutionStartedEvent,
    TurnCancelled,
)
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.openai_server import Answer, Hang, OpenAIServer, Reply, Request
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events
from tests.support.secrets import SECRET, files_with, tables_with

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

WRITE = ("write_file", {"path": "a.txt", "content": "hello"})
SLEEP = ("run_command", {"argv": ["sleep", "300"], "seconds": 300})
AGENT = {
    "tools": ["write_file", "run_command"],
    "commands": ["sleep"],
    "approval": [{"tool": "write_file", "when": {"path": "ask/*"}}],
}


@dataclass(frozen=True)
class Replicas:
    """Two replicas over one database, and the model that both ask."""

    worker: RunningOrchestrator
    other: RunningOrchestrator
    provider: OpenAIServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replicas(
    kafka: KafkaSettings, database: MigratedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Replicas]:
    """Give replicas that look for nothing by themselves: what happens was announced."""
    directory = tmp_path_factory.mktemp("workspaces")
    url = database.url("orchestrator")
    with OpenAIServer() as provider:
        fields: dict[str, Any] = {
            "providers": ModelProviderSettings(
                agent_model="openai:m", openai_base_url=provider.base_url
            ),
            "agents_file": agents_file(directory, {"worker": AGENT}),
            "turn_lease": timedelta(hours=4),
        }
        async with (
            running_orchestrator(url, kafka, directory, **fields) as worker,
            running_orchestrator(url, kafka, directory, **fields) as other,
        ):
            yield Replicas(worker, other, provider)


async def post(replica: RunningOrchestrator, session_id: str, verb: str, **body: Any) -> Any:
    response = await replica.http.post(f"/v1/sessions/{session_id}/{verb}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def begun(replicas: Replicas, *script: Reply) -> tuple[str, dict[str, Any]]:
    """Begin a turn at the worker, and return when its model has been asked."""
    before = len(replicas.provider.requests)
    replicas.provider.script(*script)
    session_id = await replicas.worker.session()
    turn = await replicas.worker.say(session_id, "go", wait=0)
    await eventually(lambda: len(replicas.provider.requests) > before)
    return session_id, turn


async def test_a_model_call_is_cut_off_by_a_cancel_at_another_replica(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguard: ``announce_stopped``; the provider sees the client go."""
    session_id, turn = await begun(replicas, Hang())

    (cancelled,) = await post(replicas.other, session_id, "cancel", by="ann", reason="enough")
    await eventually(lambda: replicas.provider.abandoned.acquire(blocking=False))

    assert (cancelled["id"], cancelled["state"]) == (turn["id"], "cancelled")
    events = await recorded_events(database.admin_url, session_id=session_id)
    (said,) = [each for each in events if isinstance(each, TurnCancelled)]
    (failed,) = [each for each in events if isinstance(each, LLMRequestFailedEvent)]
    assert (said.cancelled_by, said.reason, failed.error_type) == ("ann", "enough", "Cancelled")
    replicas.provider.script(Answer(text="Here."))
    assert (await replicas.worker.say(session_id, "again"))["reply"] == "Here."


async def test_a_program_is_ended_by_a_cancel_and_the_model_hears_of_it_in_the_next_turn(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguard: ``drop_calls``; without results a provider refuses the conversation."""
    session_id, turn = await begun(replicas, Answer(tools=(SLEEP, WRITE)))
    await eventually(lambda: started(database, session_id))

    await post(replicas.other, session_id, "cancel", by="ann")

    assert (await replicas.worker.turn(turn))["state"] == "cancelled"
    events = await recorded_events(database.admin_url, session_id=session_id)
    (failed,) = [each for each in events if isinstance(each, ToolExecutionFailedEvent)]
    assert (failed.tool, failed.error_type) == ("run_command", "Cancelled")
    replicas.provider.script(Answer(text="Here."))
    await replicas.worker.say(session_id, "again")
    asked = replicas.provider.requests[-1]["messages"]
    assert [each["role"] for each in asked] == [
        "system", "user", "assistant", "tool", "tool", "user",
    ]  # fmt: skip


async def started(database: MigratedDatabase, session_id: str) -> bool:
    events = await recorded_events(database.admin_url, session_id=session_id)
    return any(isinstance(each, ToolExecutionStartedEvent) for each in events)


async def test_a_cancel_names_a_turn_that_goes_on_or_is_refused(replicas: Replicas) -> None:
    replicas.provider.script(Answer(text="Done."))
    session_id = await replicas.worker.session()
    turn = await replicas.worker.say(session_id, "go")
    path = f"/v1/sessions/{session_id}/cancel"

    ended = await replicas.worker.http.post(path, json={"turn_id": turn["id"]})
    unknown = await replicas.worker.http.post(path, json={"turn_id": "x"})

    assert (ended.status_code, ended.json()["detail"]) == (409, "the turn is completed already")
    assert unknown.status_code == 404
    assert await post(replicas.worker, session_id, "cancel") == []


async def test_a_cancel_that_is_sent_again_with_its_key_is_answered_again(
    replicas: Replicas,
) -> None:
    session_id, turn = await begun(replicas, Hang())
    path, key = f"/v1/sessions/{session_id}/cancel", {"Idempotency-Key": "k"}

    answers = [
        (await replicas.worker.http.post(path, json={}, headers=key)).json() for _ in range(2)
    ]

    assert [each["id"] for each in answers[0]] == [turn["id"]]
    assert answers[1] == answers[0]


async def test_a_paused_session_finishes_the_call_in_hand_and_begins_no_other_until_it_is_resumed(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguards: ``continue_turn`` puts the turn back, and ``claim_turns`` leaves it there."""
    release = threading.Event()
    answers = iter([Answer(tools=(WRITE,)), Answer(text="Written.")])

    def slow(_: Request) -> Reply:
        release.wait(20)
        return next(answers)

    respond, replicas.provider.respond = replicas.provider.respond, slow
    session_id, turn = await begun(replicas)
    paused = await post(replicas.other, session_id, "pause", by="ann", reason="lunch")
    release.set()
    await eventually(lambda: state_of(replicas, turn, "queued"))
    later = await replicas.other.say(session_id, "and then?", wait=0)

    assert paused["paused"] is True
    assert not (replicas.worker.workspaces / session_id / "files" / "a.txt").exists()
    assert later["state"] == "queued"

    await post(replicas.other, session_id, "cancel", turn_id=later["id"])
    await post(replicas.other, session_id, "resume", by="ann")
    ended = await replicas.worker.turn(turn)
    replicas.provider.respond = respond

    assert (ended["state"], ended["reply"]) == ("completed", "Written.")
    events = await recorded_events(database.admin_url, session_id=session_id)
    said = [(e.state, e.reason) for e in events if isinstance(e, SessionUpdatedEvent)]
    assert said == [("paused", "ann: lunch"), ("active", "ann")]


async def state_of(replicas: Replicas, turn: dict[str, Any], state: str) -> bool:
    return bool((await replicas.worker.turn(turn, wait=0))["state"] == state)


async def test_a_deleted_session_says_who_deleted_it(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    session_id = await replicas.worker.session()

    response = await replicas.worker.http.delete(
        f"/v1/sessions/{session_id}", params={"by": "ann", "reason": "no longer needed"}
    )

    assert response.status_code == 204
    events = await recorded_events(database.admin_url, session_id=session_id)
    deleted = next(each for each in events if each.name() == "session_deleted")
    assert deleted.payload()["deleted_by"] == "ann"


async def test_idle_sessions_expire_once_however_many_replicas_there_are_and_lose_their_files(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguard: the session is looked at again under its lock in ``expire_sessions``."""
    replicas.provider.script(Answer(tools=(WRITE,)), Answer(text="Written."))
    idle, busy = await replicas.worker.session(), await replicas.worker.session()
    await replicas.worker.say(idle, "go")
    files = replicas.worker.workspaces / idle
    assert files.exists()
    await grow_old(database, idle)

    await expire_everywhere(replicas)
    await eventually(lambda: not files.exists(), timeout=30)

    events = await recorded_events(database.admin_url)
    assert [e.session_id for e in events if isinstance(e, SessionExpired)] == [idle]
    response = await replicas.worker.http.post(
        f"/v1/sessions/{idle}/messages", json={"content": "x"}
    )
    assert response.status_code == 409
    assert (await replicas.worker.http.get(f"/v1/sessions/{busy}")).json()["state"] == "active"


async def grow_old(database: MigratedDatabase, session_id: str) -> None:
    driver: Any = asyncpg
    connection = await driver.connect(database.admin_url)
    await connection.execute(
        "UPDATE orchestrator.sessions SET updated_at = now() - interval '25 hours' WHERE id = $1",
        session_id,
    )
    await connection.close()


async def expire_everywhere(replicas: Replicas) -> None:
    """Have all replicas look at once, as a resumption is announced to them."""
    session_id = await replicas.other.session()
    await post(replicas.other, session_id, "resume")


async def test_an_erased_session_leaves_nothing_that_was_said_and_every_number(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguards: ``erase_content``, and ``workspaces.remove`` in ``EraseSessionHandler``."""
    secret = SECRET
    written = ("write_file", {"path": "a.txt", "content": f"{secret} here"})
    replicas.provider.script(Answer(tools=(written,)), Answer(text=f"I wrote {secret}."))
    session_id = await replicas.worker.session(title=f"about {secret}", created_by=secret)
    await replicas.worker.say(session_id, f"write {secret}")
    before = await recorded_events(database.admin_url, session_id=session_id)
    assert await tables_with(database.admin_url, secret)

    erased = await post(replicas.other, session_id, "erase", by="ann", reason="ticket 7")
    again = await post(replicas.worker, session_id, "erase", by="bob")

    assert await tables_with(database.admin_url, secret) == []
    assert list(files_with(replicas.worker.workspaces, secret)) == []
    events = await recorded_events(database.admin_url, session_id=session_id)
    assert [each.sequence for each in events] == list(range(1, len(before) + 5))
    assert [each.event_id for each in events[: len(before)]] == [each.event_id for each in before]
    last = [type(each) for each in events[len(before) :]]
    assert last == [SessionDeleted, SessionDeletedEvent, SessionErased, SessionErasedEvent]
    (order,) = [each for each in events if isinstance(each, SessionErased)]
    assert (order.erased_by, order.erasure_reason) == ("ann", "ticket 7")
    assert again == erased
    assert erased["last_sequence"] == len(events)
    assert (await replicas.worker.http.get(f"/v1/sessions/{session_id}")).status_code == 404


async def test_a_session_is_not_erased_while_a_turn_would_write_down_more(
    replicas: Replicas,
) -> None:
    """Safeguard: ``_require_quiet``."""
    session_id, turn = await begun(replicas, Hang())

    response = await replicas.other.http.post(f"/v1/sessions/{session_id}/erase")

    assert response.status_code == 409
    assert "turn 1 of the session is running: cancel it" in response.json()["detail"]
    await post(replicas.other, session_id, "cancel", turn_id=turn["id"])
    assert (await post(replicas.other, session_id, "erase"))["session_id"] == session_id


async def test_who_erases_a_session_hears_of_the_forks_that_have_what_was_said(
    replicas: Replicas,
) -> None:
    """Safeguard: ``unerased_forks`` also tells of those that were deleted, as the history stays."""
    replicas.provider.script(Answer(text="Here."))
    session_id = await replicas.worker.session()
    await replicas.worker.say(session_id, "go")
    response = await replicas.worker.http.post(f"/v1/sessions/{session_id}/fork", json={})
    fork = response.json()["id"]
    await replicas.worker.http.delete(f"/v1/sessions/{fork}")

    assert (await post(replicas.worker, session_id, "erase"))["forks"] == [fork]

    await post(replicas.worker, fork, "erase")
    assert (await post(replicas.worker, session_id, "erase"))["forks"] == []
