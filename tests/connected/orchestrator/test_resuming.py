# SPDX-License-Identifier: Apache-2.0
"""A turn that one replica leaves behind is resumed by another, from its last recorded step.

Safeguard: the next step is decided from what is recorded alone (``turns/ledger.py``), and recorded
calls are in the ledger with their results.
"""

from pathlib import Path

import pytest

from services.orchestrator.models import ModelProviderSettings
from shared.events import LLMRequestCompletedEvent, ToolExecutedEvent
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
