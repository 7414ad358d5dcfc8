# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.support.crashes.replica``: forks replicas that hold a conversation.

A replica is the orchestrator without its HTTP interface and its relay: what clients ask for, the
engine, a real database and a real provider. Forking saves the seconds that importing it takes.

Reads a line of JSON for each replica; says ``pid N``, and ``ended STATUS`` when it is over.
"""

import asyncio
import importlib
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

from pydantic import SecretStr

from services.orchestrator.app import build_resources
from services.orchestrator.commands.create_session import CreateSessionCommand, CreateSessionHandler
from services.orchestrator.commands.decide_approval import (
    DecideApprovalCommand,
    DecideApprovalHandler,
)
from services.orchestrator.commands.give_tool_result import (
    GiveToolResultCommand,
    GiveToolResultHandler,
)
from services.orchestrator.commands.send_message import SendMessageCommand, SendMessageHandler
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.models import ModelProviderSettings
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store.approvals import ApprovalState, approvals_of
from services.orchestrator.store.client_calls import client_calls_of
from services.orchestrator.store.idempotency import idempotency_key
from services.orchestrator.store.tables import outbox
from services.orchestrator.tools import BUILT_IN
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.finished import FinishedTurns
from services.orchestrator.turns.resources import Resources
from shared.correlation import EventCorrelation
from shared.database import Database
from shared.events import Topics
from shared.outbox import Outbox
from shared.service import identify
from shared.settings import DatabaseSettings, RetrySettings
from shared.telemetry import TelemetrySettings, configure_telemetry
from tests.support.crashes.points import Points
from tests.support.crashes.tools import Journal, counting_tools

WAIT = timedelta(seconds=60)


async def converse(spec: dict[str, Any]) -> int:
    """Hold the conversation of ``spec`` to its end; return how many places were come to."""
    points = Points(kill_at=spec["kill_at"], log=Path(spec["log"]))
    points.install()
    database = Database(_settings(spec).database)
    resources = _resources(spec, database, points)
    finished = FinishedTurns(database)
    engine = TurnEngine(resources, finished=finished)
    await engine.start()
    try:
        await _talk(spec, resources, engine, finished)
    finally:
        await engine.stop()
        await database.stop()
    return points.count


async def _talk(
    spec: dict[str, Any], resources: Resources, engine: TurnEngine, finished: FinishedTurns
) -> None:
    """Do what a client does that says everything again, under the same keys, until it is done."""
    with EventCorrelation.scope(spec["name"]):
        create = CreateSessionCommand(
            created_by="ann", key=idempotency_key("test", spec["name"], b"")
        )
        session = await CreateSessionHandler(
            resources.work, resources.agents, resources.toolboxes
        ).handle(create)
    send = SendMessageHandler(resources, engine)
    for number, content in enumerate(spec["messages"]):
        key = idempotency_key(session.id, f"message {number}", b"")
        with EventCorrelation.scope(f"{spec['name']}-{number}"):
            turn = await send.handle(
                SendMessageCommand(session_id=session.id, content=content, key=key)
            )
        while (await finished.wait(turn.id, limit=WAIT)).state is TurnState.WAITING:
            if not spec["decision"]:
                return
            await _decide(spec["decision"], resources, engine, session.id)
            await _give_results(resources, engine, turn)


async def _decide(
    answer: Literal["approve", "reject"], resources: Resources, engine: TurnEngine, session_id: str
) -> None:
    async with resources.work.database.connect() as connection:
        waiting = await approvals_of(connection, session_id, state=ApprovalState.OPEN)
    for each in waiting:
        key = idempotency_key(session_id, f"decide {each.id}", b"")
        decision = DecideApprovalCommand(
            session_id=session_id,
            approval_id=each.id,
            decision=answer,
            decided_by="bob",
            key=key,
        )
        await DecideApprovalHandler(resources, engine).handle(decision)


async def _give_results(resources: Resources, engine: TurnEngine, turn: Turn) -> None:
    """Make the calls that a client makes: the same result each time it is asked."""
    async with resources.work.database.connect() as connection:
        owed = await client_calls_of(connection, turn.id)
    for each in owed:
        given = GiveToolResultCommand(
            session_id=turn.session_id,
            call_id=str(each.effect_id),
            result=f"picked {each.arguments['what']}",
            failed=False,
            digest=str(each.effect_id),
        )
        await GiveToolResultHandler(resources, engine).handle(given)


def _settings(spec: dict[str, Any]) -> OrchestratorSettings:
    return OrchestratorSettings(
        database=DatabaseSettings(
            url=SecretStr(spec["database"]), connect_timeout=timedelta(seconds=60)
        ),
        providers=ModelProviderSettings(
            agent_model="openai:gpt-4o-mini", openai_base_url=spec["provider"]
        ),
        retry=RetrySettings.model_validate({"initial_delay": 0.01}),
        agents_file=Path(spec["agents"]),
        workspace_root=Path(spec["workspaces"]),
        turn_lease=timedelta(seconds=spec["lease"]),
    )


def _resources(spec: dict[str, Any], database: Database, points: Points) -> Resources:
    relay: Any = SimpleNamespace(
        outbox=Outbox(outbox), committed=lambda: points.reach("after commit")
    )
    bus: Any = SimpleNamespace(topics=Topics("test"))
    tools = counting_tools(Journal(Path(spec["journal"])), points)
    return build_resources(
        _settings(spec),
        database,
        relay,
        bus,
        identify("orchestrator"),
        configure_telemetry("orchestrator", TelemetrySettings()),
        tools=[*BUILT_IN, *tools],
    )


def _forked(spec: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            count = asyncio.run(converse(spec))
            Path(spec["count"]).write_text(str(count))
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return pid


def main() -> None:
    """Fork a replica for each line of the input."""
    importlib.import_module("pydantic_ai.models.openai")  # forked replicas have it then
    for line in sys.stdin:
        pid = _forked(cast("dict[str, Any]", json.loads(line)))
        print(f"pid {pid}", flush=True)  # noqa: T201 -- the interface of this program
        _, status = os.waitpid(pid, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
