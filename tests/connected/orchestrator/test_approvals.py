# SPDX-License-Identifier: Apache-2.0
import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.orchestrator.turns.approvals_gauge import ApprovalsGauge
from shared.database import Database
from shared.events import ApprovalDecided, ApprovalRequested, HITLDecisionMadeEvent
from shared.settings import DatabaseSettings
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.setup import configure_telemetry
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.orchestrator import RunningOrchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

PROTECTED = "Write a file protected/a.txt containing hello"


async def waiting(orchestrator: RunningOrchestrator) -> tuple[str, dict[str, Any], dict[str, Any]]:
    session_id = await orchestrator.session(agent="coder")
    turn = await orchestrator.say(session_id, PROTECTED)
    assert turn["state"] == "waiting"
    (approval,) = turn["approvals"]
    return session_id, turn, approval


async def test_a_call_waits_and_is_made_when_a_person_approves(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id, turn, approval = await waiting(orchestrator)
    file = orchestrator.workspaces / session_id / "files" / "protected" / "a.txt"
    assert not file.exists()

    await orchestrator.decide(session_id, approval, "approve")

    assert (await orchestrator.turn(turn))["state"] == "completed"
    assert file.read_text() == "hello"
    events = await recorded_events(database.admin_url, session_id=session_id)
    (asked,) = [each for each in events if isinstance(each, ApprovalRequested)]
    (decided,) = [each for each in events if isinstance(each, ApprovalDecided)]
    (technical,) = [each for each in events if isinstance(each, HITLDecisionMadeEvent)]
    assert asked.arguments_digest == decided.arguments_digest
    assert decided.decided_by == "ann"
    assert technical.decision == "approved"


async def test_it_is_shown_how_many_calls_wait_and_since_when(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    session_id, turn, approval = await waiting(orchestrator)
    shown = configure_telemetry("orchestrator", TelemetrySettings()).instruments
    store = Database(DatabaseSettings(url=SecretStr(database.url("orchestrator"))))
    gauge = ApprovalsGauge(store, shown, every=timedelta(milliseconds=10))
    await store.start()
    await gauge.start()
    try:
        pending = await eventually(shown.approvals_pending.value)
        assert (shown.approvals_oldest_age.value() or 0) > 0

        await orchestrator.decide(session_id, approval, "approve")
        await orchestrator.turn(turn)

        await eventually(lambda: shown.approvals_pending.value() == pending - 1)
    finally:
        await gauge.stop()
        await store.stop()


async def test_a_rejected_call_is_not_made_and_the_model_is_told(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id, turn, approval = await waiting(orchestrator)

    await orchestrator.decide(session_id, approval, "reject", reason="not today")

    ended = await orchestrator.turn(turn)
    assert ended["state"] == "completed"
    assert not (orchestrator.workspaces / session_id / "files" / "protected").exists()
    assert "not today" in ended["reply"]


async def test_an_edited_call_is_made_with_the_new_arguments(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id, turn, approval = await waiting(orchestrator)

    await orchestrator.decide(
        session_id,
        approval,
        "edit",
        arguments={"path": "protected/b.txt", "content": "bye"},
    )

    await orchestrator.turn(turn)
    files = orchestrator.workspaces / session_id / "files" / "protected"
    assert [file.name for file in files.iterdir()] == ["b.txt"]
    assert (files / "b.txt").read_text() == "bye"


async def test_only_one_of_many_decisions_counts(orchestrator: RunningOrchestrator) -> None:
    session_id, turn, approval = await waiting(orchestrator)

    answers = await asyncio.gather(
        *(orchestrator.decide(session_id, approval, "approve") for _ in range(8))
    )

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [409] * 7
    assert (await orchestrator.turn(turn))["state"] == "completed"


async def test_a_decision_about_other_arguments_is_refused(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id, _, approval = await waiting(orchestrator)

    answer = await orchestrator.decide(session_id, approval, "approve", arguments_digest="0" * 64)

    assert answer.status_code == 409
    assert approval["arguments_digest"] in answer.json()["detail"]


async def test_edited_arguments_have_to_be_those_of_the_tool(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id, _, approval = await waiting(orchestrator)

    answer = await orchestrator.decide(session_id, approval, "edit", arguments={"no": "path"})

    assert answer.status_code == 422
    still = await orchestrator.http.get(
        f"/v1/sessions/{session_id}/approvals", params={"state": "open"}
    )
    assert [each["id"] for each in still.json()] == [approval["id"]]
