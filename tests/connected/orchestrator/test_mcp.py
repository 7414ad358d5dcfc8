# SPDX-License-Identifier: Apache-2.0
"""Tools of MCP servers are tools like any other: approvals, ledger and events apply."""

from pathlib import Path

import pytest

from services.orchestrator.models import ModelProviderSettings
from shared.events import ApprovalRequested, ToolExecutedEvent, ToolExecutionFailedEvent
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.mcp_servers import over_stdio
from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import running_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.slow]

DOWN = {"url": "http://127.0.0.1:9/mcp", "tools": {"look": "read_only"}, "connect_timeout": 0.1}
AGENT = {"tools": ["sums_add", "down_look"], "approval": [{"tool": "sums_*", "when": {"a": "2"}}]}


async def test_a_call_of_a_server_waits_for_a_person_and_one_that_is_down_costs_the_call_only(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    """Safeguard: the calls go through the same ledger; a call without approval is not made."""
    servers = {"sums": over_stdio(connect_timeout=60, timeout=60), "down": DOWN}
    file = agents_file(tmp_path, {"sums": AGENT}, mcp_servers=servers)
    with OpenAIServer() as provider:
        provider.script(
            Answer(tools=(("sums_add", {"a": 2, "b": 40}), ("down_look", {}))), Answer(text="42")
        )
        providers = ModelProviderSettings(agent_model="openai:m", openai_base_url=provider.base_url)
        async with running_orchestrator(
            migrated_database.url("orchestrator"),
            kafka_settings,
            tmp_path,
            providers=providers,
            agents_file=file,
        ) as orchestrator:
            session_id = await orchestrator.session()
            turn = await orchestrator.say(session_id, "add and look")
            (approval,) = turn["approvals"]
            decided = await orchestrator.decide(session_id, approval, "approve")
            ended = await orchestrator.turn(turn)

    events = await recorded_events(migrated_database.admin_url, session_id=session_id)
    (asked,) = [each for each in events if isinstance(each, ApprovalRequested)]
    (executed,) = [each for each in events if isinstance(each, ToolExecutedEvent)]
    (failed,) = [each for each in events if isinstance(each, ToolExecutionFailedEvent)]
    assert decided.status_code == 200
    assert (ended["state"], ended["reply"]) == ("completed", "42")
    assert asked.arguments == {"a": 2, "b": 40}
    assert executed.tool == "sums_add"
    assert (failed.tool, failed.error_type) == ("down_look", "ToolError")
    results = [each for each in provider.requests[1]["messages"] if each["role"] == "tool"]
    assert results[0]["content"] == "42"
    assert "cannot be reached" in results[1]["content"]
