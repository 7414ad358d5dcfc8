# SPDX-License-Identifier: Apache-2.0
"""A turn that one replica leaves behind is resumed by another, from its last recorded step.

Safeguard: the next step is decided from what is recorded alone (``turns/ledger.py``), and recorded
calls are in the ledger with their results.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.models import ModelProviderSettings
from services.orchestrator.turns import closing, giving_up
from shared.events import LLMRequestCompletedEvent, TaskCompleted, ToolExecutedEvent
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.openai_server import Answer, Failure, Hang, OpenAIServer, Reply
from tests.support.orchestrator import running_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.slow]


async def test_a_turn_that_a_fallback_held_is_resumed_with_the_identical_history(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    """The model of the agent stays away before the crash, and answers after it."""
    url = migrated_database.url("orchestrator")
    models = {"model": "openai:gpt-4.1", "fallback_model": "openai:gpt-4o"}
    agents = agents_file(tmp_path, {"steady": {**models, "tools": ["write_file"]}})
    replies: list[Reply] = [
        Answer(tools=(("write_file", {"path": "a.txt", "content": "b"}),)),
        Hang(),
    ]
    with OpenAIServer() as provider:
        providers = ModelProviderSettings(openai_base_url=provider.base_url)
        provider.respond = lambda request: (
            Failure(status=503) if request["model"] == "gpt-4.1" else replies.pop(0)
        )
        async with running_orchestrator(
            url, kafka_settings, tmp_path, providers=providers, agents_file=agents
        ) as first:
            session_id = await first.session()
            turn = await first.say(session_id, "write b", wait=0)
            await eventually(lambda: not replies)
        provider.respond = lambda _: Answer(text="Written.")
        async with running_orchestrator(
            url, kafka_settings, tmp_path, providers=providers, agents_file=agents
        ) as second:
            ended = await second.turn(turn)

        assert (ended["state"], ended["reply"]) == ("completed", "Written.")
        *_, hung, last = provider.requests
        assert (hung["model"], last["model"]) == ("gpt-4o", "gpt-4.1")
        assert hung["messages"] == last["messages"]


async def test_finished_calls_are_not_made_again_by_the_replica_that_resumes(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    url = migrated_database.url("orchestrator")
    write = ("edit_file", {"path": "a.txt", "old_text": "b", "new_text": "bb"})
    with OpenAIServer() as provider:
        providers = ModelProviderSettings(
            agent_model="openai:gpt-4o-mini", openai_base_url=provider.base_url
        )
        provider.script(
            Answer(tools=(("write_file", {"path": "a.txt", "content": "b"}),)),
            Answer(tools=(write,)),
            Hang(),
        )
        async with running_orchestrator(
            url, kafka_settings, tmp_path, providers=providers
        ) as first:
            session_id = await first.session(agent="universal")
            turn = await first.say(session_id, "write b, then double it", wait=0)
            await eventually(lambda: len(provider.requests) == 3)
        provider.script(Answer(text="Doubled."))
        async with running_orchestrator(
            url, kafka_settings, tmp_path, providers=providers
        ) as second:
            ended = await second.turn(turn)

        assert (ended["state"], ended["reply"]) == ("completed", "Doubled.")
        assert len(provider.requests) == 4
        assert provider.requests[3]["messages"] == provider.requests[2]["messages"]
    assert (tmp_path / session_id / "files" / "a.txt").read_text() == "bb"
    events = await recorded_events(migrated_database.admin_url, session_id=session_id)
    executed = [each.tool for each in events if isinstance(each, ToolExecutedEvent)]
    assert executed == ["write_file", "edit_file"]
    assert sum(isinstance(each, LLMRequestCompletedEvent) for each in events) == 3


async def test_a_turn_whose_failure_cannot_be_recorded_is_taken_again_when_its_lease_is_over(
    migrated_database: MigratedDatabase,
    kafka_settings: KafkaSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its agent is no longer in the file, and recording just that fails once.

    Safeguards: ``TurnRunner._guarded`` also around the beginning of a turn; ``TurnEngine`` gives
    back no lease of a turn that it could not finish, and claims what has none any more.
    """
    url = migrated_database.url("orchestrator")
    before = agents_file(tmp_path, {"stays": {}, "goes": {}})
    async with running_orchestrator(url, kafka_settings, tmp_path, agents_file=before) as first:
        session_id = await first.session(agent="goes")
        await first.http.post(f"/v1/sessions/{session_id}/pause")
        turn = await first.say(session_id, "hello", wait=0)
    fail_turn, failed = closing.fail_turn, 0

    async def fail_once(*args: Any, **fields: Any) -> None:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise RuntimeError("cannot be recorded")
        await fail_turn(*args, **fields)

    monkeypatch.setattr(giving_up, "fail_turn", fail_once)
    after = agents_file(tmp_path, {"stays": {}})
    lease = timedelta(seconds=0.8)
    async with running_orchestrator(
        url, kafka_settings, tmp_path, agents_file=after, turn_lease=lease
    ) as second:
        await second.http.post(f"/v1/sessions/{session_id}/resume")
        ended = await second.turn(turn)

    assert (failed, ended["state"]) == (2, "failed")
    assert "goes" in ended["error"]
    events = await recorded_events(migrated_database.admin_url, session_id=session_id)
    assert sum(isinstance(each, TaskCompleted) for each in events) == 1
