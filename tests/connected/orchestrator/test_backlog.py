# SPDX-License-Identifier: Apache-2.0
"""While Kafka is down and too much waits for it, nothing new is accepted; what runs goes on."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.outbox.relay import OutboxRelay
from shared.outbox.store import Depth
from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.orchestrator import running_orchestrator

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def test_new_messages_are_refused_and_what_runs_goes_on(
    kafka: KafkaSettings,
    database: MigratedDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Safeguard: the depth that the relay measures is noted, and every new message asks for it."""
    relays: list[OutboxRelay] = []
    start = OutboxRelay.start

    async def note(relay: OutboxRelay) -> None:
        relays.append(relay)
        await start(relay)

    async def measure_nothing(_: OutboxRelay) -> None:
        return None

    monkeypatch.setattr(OutboxRelay, "start", note)
    monkeypatch.setattr(OutboxRelay, "_measure", measure_nothing)
    async with running_orchestrator(
        database.url("orchestrator"), kafka, tmp_path, outbox_max_age=timedelta(minutes=1)
    ) as orchestrator:
        session_id = await orchestrator.session(agent="universal")
        turn = await orchestrator.say(session_id, "hello", wait=0)
        [relay] = relays

        relay._on_depth(Depth(records=5, oldest_seconds=61.0))
        said = {"content": "more"}
        refused = [
            await orchestrator.http.post(path, json=body)
            for path, body in (
                (f"/v1/sessions/{session_id}/messages", said),
                (f"/v1/sessions/{session_id}/fork", {}),
                ("/v1/sessions", {}),
            )
        ]
        ended = await orchestrator.turn(turn)
        relay._on_depth(Depth(records=0, oldest_seconds=0.0))
        taken = await orchestrator.say(session_id, "more")

    assert [each.status_code for each in refused] == [503] * 3
    assert all(each.headers["Retry-After"] for each in refused)
    assert (ended["state"], taken["state"]) == ("completed", "completed")
