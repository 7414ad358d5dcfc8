# SPDX-License-Identifier: Apache-2.0
"""Tools that the client runs: asked for by an event, answered once, in time, at any replica."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.embedded.sql import connected
from services.orchestrator.models import ModelProviderSettings
from services.orchestrator.tools import BUILT_IN
from services.orchestrator.tools.tool import Arguments, FunctionTool, ToolContext, ToolResult
from shared.events import (
    Event,
    ToolClientResultRequiredEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
)
from shared.settings import KafkaSettings
from tests.support.agents_files import agents_file
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.forks import fork
from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

PICK = ("pick", {"what": "colour"})
SCHEMA = {
    "type": "object",
    "properties": {"what": {"type": "string"}},
    "required": ["what"],
    "additionalProperties": False,
}
DECLARED = {"pick": {"description": "has the user pick", "parameters": SCHEMA, "timeout": 600}}
LOCATE = {"name": "locate", "description": "says where the user is"}
AGENTS: dict[str, dict[str, Any]] = {
    "worker": {
        "tools": ["pick", "calculate"],
        "approval": [{"tool": "pick", "when": {"what": "secret*"}}],
    },
    "holder": {"tools": ["pick", "hold"]},
    "bounded": {"tools": ["pick"], "budgets": {"tool_calls": 1}},
}


class NoArguments(Arguments):
    """Nothing to choose."""


class Holding:
    """A tool that takes until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.tool = FunctionTool(
            name="hold",
            description="Take a while.",
            safety="read_only",
            arguments=NoArguments,
            function=self._hold,
        )

    async def _hold(self, _arguments: NoArguments, _context: ToolContext) -> ToolResult:
        self.begun.set()
        await self.go.wait()
        return ToolResult(content="held")


@dataclass(frozen=True)
class Replicas:
    """Two replicas over one database, and the model and the tool that both use."""

    one: RunningOrchestrator
    other: RunningOrchestrator
    provider: OpenAIServer
    holding: Holding


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replicas(
    kafka: KafkaSettings, database: MigratedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Replicas]:
    directory = tmp_path_factory.mktemp("workspaces")
    url = database.url("orchestrator")
    holding = Holding()
    with OpenAIServer() as provider:
        fields: dict[str, Any] = {
            "providers": ModelProviderSettings(
                agent_model="openai:m", openai_base_url=provider.base_url
            ),
            "agents_file": agents_file(directory, AGENTS, client_tools=DECLARED),
            "turn_lease": timedelta(seconds=6),
            "tools": [*BUILT_IN, holding.tool],
        }
        async with (
            running_orchestrator(url, kafka, directory, **fields) as one,
            running_orchestrator(url, kafka, directory, **fields) as other,
        ):
            yield Replicas(one, other, provider, holding)


async def asked(replicas: Replicas, *calls: Any, **session: Any) -> tuple[dict[str, Any], Any]:
    """Return a turn that waits for the client, and the first call that it waits for."""
    replicas.provider.forget_script()
    replicas.provider.script(Answer(tools=calls or (PICK,)))
    session_id = await replicas.one.session(**session)
    turn = await replicas.one.say(session_id, "go")
    assert turn["state"] == "waiting", turn
    return turn, (turn["client_calls"] or [None])[0]


async def give(
    replica: RunningOrchestrator, turn: dict[str, Any], call_id: str, **body: Any
) -> httpx.Response:
    path = f"/v1/sessions/{turn['session_id']}/tool-results/{call_id}"
    return await replica.http.post(path, json=body)


async def events_of(
    database: MigratedDatabase, turn: dict[str, Any], kind: type[Event]
) -> list[Any]:
    events = await recorded_events(database.admin_url, session_id=turn["session_id"])
    return [each for each in events if isinstance(each, kind)]


def told(replicas: Replicas) -> list[str]:
    """Return the results of calls that the model was given last."""
    messages = replicas.provider.requests[-1]["messages"]
    return [each["content"] for each in messages if each["role"] == "tool"]


async def test_the_client_makes_a_call_and_any_replica_goes_on_with_its_result(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguards: the turn waits without a lease, and ``resume_turn`` queues it again."""
    turn, call = await asked(replicas)
    (event,) = await events_of(database, turn, ToolClientResultRequiredEvent)
    assert (event.call_id, event.arguments) == (call["call_id"], {"what": "colour"})
    assert (event.effect_id, event.expires_at.isoformat()) == (
        call["effect_id"],
        call["expires_at"].replace("Z", "+00:00"),
    )
    replicas.provider.script(Answer(text="Blue it is."))

    given = await give(replicas.other, turn, call["call_id"], result={"colour": "blue"})

    assert (given.status_code, given.json()["state"]) == (200, "committed")
    ended = await replicas.other.turn(turn)
    assert (ended["state"], ended["reply"], ended["client_calls"]) == (
        "completed",
        "Blue it is.",
        [],
    )
    assert told(replicas) == ['{"colour":"blue"}']
    (executed,) = await events_of(database, turn, ToolExecutedEvent)
    assert executed.causation_id == event.event_id


async def test_the_same_result_may_be_given_again_and_no_other(replicas: Replicas) -> None:
    """Safeguard: the digest of the answer is kept with the call."""
    turn, call = await asked(replicas)
    replicas.provider.script(Answer(text="Thanks."))

    answers = [
        await give(replicas.one, turn, name, **body)
        for name, body in (
            (call["call_id"], {"result": "blue"}),
            (call["effect_id"], {"result": "blue"}),
            (call["call_id"], {"result": "red"}),
            (call["call_id"], {"error": "blue"}),
            ("unheard-of", {"result": "blue"}),
        )
    ]

    assert [each.status_code for each in answers] == [200, 200, 409, 409, 404]
    assert "another result" in answers[2].json()["detail"]
    assert (await replicas.one.turn(turn))["state"] == "completed"
    assert told(replicas) == ["blue"]


async def test_what_cannot_be_a_result_is_refused_and_an_error_is_told_to_the_model(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    turn, call = await asked(replicas)
    replicas.provider.script(Answer(text="A pity."))
    bad: list[dict[str, Any]] = [{}, {"result": 1, "error": "x"}, {"result": "\0"}, {"outcome": 1}]

    refused = [await give(replicas.one, turn, call["call_id"], **each) for each in bad]
    too_long = await give(replicas.one, turn, call["call_id"], result="x" * 100_001)
    given = await give(replicas.one, turn, call["call_id"], error="the user has gone")

    assert [each.status_code for each in (*refused, too_long)] == [422, 422, 422, 422, 413]
    assert given.json()["state"] == "failed"
    assert (await replicas.one.turn(turn))["state"] == "completed"
    assert "the user has gone" in told(replicas)[0]
    (failed,) = await events_of(database, turn, ToolExecutionFailedEvent)
    assert failed.error_type == "ClientError"


async def test_a_call_may_need_a_person_first_and_others_are_made_meanwhile(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguard: ``continue_turn`` asks ``may_start`` before it asks the client."""
    secret, sum_ = ("pick", {"what": "secret"}), ("calculate", {"expression": "6 * 7"})
    turn, call = await asked(replicas, secret, PICK, sum_)
    assert (call["arguments"], len(turn["client_calls"])) == ({"what": "colour"}, 1)
    (approval,) = turn["approvals"]
    early = await give(replicas.one, turn, "call-1", result="blue")
    assert (early.status_code, (await replicas.one.turn(turn, wait=0))["state"]) == (409, "waiting")

    await give(replicas.one, turn, call["effect_id"], result="blue")
    assert (await replicas.one.turn(turn, wait=0))["state"] == "waiting"
    edited = {"what": "secret shade"}
    await replicas.other.decide(turn["session_id"], approval, "edit", arguments=edited)
    await eventually(lambda: owed(replicas, turn, edited))
    replicas.provider.script(Answer(text="Done."))
    (second,) = (await replicas.one.turn(turn, wait=0))["client_calls"]
    await give(replicas.one, turn, second["effect_id"], result="dark blue")

    assert (await replicas.one.turn(turn))["state"] == "completed"
    assert told(replicas) == ["dark blue", "blue", "42"]


async def owed(replicas: Replicas, turn: dict[str, Any], arguments: dict[str, Any]) -> bool:
    calls = (await replicas.one.turn(turn, wait=0))["client_calls"]
    return [each["arguments"] for each in calls] == [arguments]


async def test_a_result_that_does_not_come_in_time_is_not_waited_for_any_more(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguards: ``expire_client_calls``, once, and the time is compared when a result comes."""
    turn, call = await asked(replicas)
    replicas.provider.script(Answer(text="Never mind."))
    async with connected(database.admin_url) as connection:
        await connection.execute(
            "UPDATE orchestrator.effects SET expires_at = requested_at WHERE session_id = $1",
            turn["session_id"],
        )

    late = await give(replicas.one, turn, call["call_id"], result="blue")

    assert late.status_code == 409
    await eventually(lambda: completed(replicas, turn))
    assert "the client gave no result in time" in told(replicas)[0]
    (failed,) = await events_of(database, turn, ToolExecutionFailedEvent)
    assert failed.error_type == "ClientTimeout"


async def completed(replicas: Replicas, turn: dict[str, Any]) -> bool:
    return bool((await replicas.one.turn(turn, wait=0))["state"] == "completed")


async def test_a_cancelled_turn_takes_no_result_and_leaves_no_call_open(
    replicas: Replicas, database: MigratedDatabase
) -> None:
    """Safeguard: ``drop_calls``."""
    turn, call = await asked(replicas)
    await replicas.other.http.post(f"/v1/sessions/{turn['session_id']}/cancel", json={"by": "ann"})

    late = await give(replicas.one, turn, call["call_id"], result="blue")

    assert late.status_code == 409
    assert "cancelled by ann" in late.json()["detail"]
    (failed,) = await events_of(database, turn, ToolExecutionFailedEvent)
    assert failed.error_type == "Cancelled"
    replicas.provider.script(Answer(text="Here."))
    assert (await replicas.one.say(turn["session_id"], "again"))["reply"] == "Here."


async def test_a_client_brings_tools_with_a_session_or_for_one_message(replicas: Replicas) -> None:
    """Safeguard: ``require_free``; a tool that runs here cannot be replaced by the client's."""
    turn, call = await asked(replicas, ("locate", {}), client_tools=[LOCATE])
    assert (call["tool"], call["agent"]) == ("locate", "worker")
    replicas.provider.script(Answer(text="There."), Answer(text="Here."))
    await give(replicas.one, turn, call["call_id"], result="Graz")
    await replicas.one.turn(turn)
    path = f"/v1/sessions/{turn['session_id']}/messages"
    body = {"content": "again", "client_tools": [{**LOCATE, "name": "greet"}]}
    await replicas.one.http.post(path, json=body, params={"wait": 20})

    offered = [each["function"]["name"] for each in replicas.provider.requests[-1]["tools"]]

    assert offered == ["calculate", "pick", "greet"]
    for taken in ("calculate", "pick", "hand_over"):
        tools = {"client_tools": [{**LOCATE, "name": taken}]}
        sent = await replicas.one.http.post(path, json={"content": "x", **tools})
        created = await replicas.one.http.post("/v1/sessions", json=tools)
        assert (sent.status_code, created.status_code) == (422, 422)


async def test_calls_of_clients_count_for_budgets(replicas: Replicas) -> None:
    """Safeguard: ``ask_client`` asks for room, and spends it."""
    turn, call = await asked(replicas, PICK, agent="bounded")
    replicas.provider.script(Answer(tools=(PICK,)))

    await give(replicas.one, turn, call["call_id"], result="blue")

    ended = await replicas.one.turn(turn)
    assert (ended["state"], "1 tool_calls" in ended["error"]) == ("failed", True)


async def test_a_result_that_comes_while_another_call_is_made_is_not_overlooked(
    replicas: Replicas,
) -> None:
    """Safeguard: ``TurnLedger.record`` reads again what waits for others.

    Without it the turn goes on to wait for a result that it has, and never ends.
    """
    replicas.provider.forget_script()
    replicas.provider.script(Answer(tools=(PICK, ("hold", {}))), Answer(text="Both."))
    session_id = await replicas.one.session(agent="holder")
    turn = await replicas.one.say(session_id, "go", wait=0)
    async with asyncio.timeout(20):
        await replicas.holding.begun.wait()

    given = await give(replicas.other, turn, "call-1", result="blue")
    replicas.holding.go.set()

    assert given.status_code == 200
    assert (await replicas.one.turn(turn))["reply"] == "Both."
    assert told(replicas) == ["blue", "held"]


async def test_a_fork_takes_a_turn_up_again_with_the_tools_that_came_with_its_message(
    replicas: Replicas,
) -> None:
    """Safeguard: ``take_up_again`` copies them; a queued turn has those of its session."""
    replicas.provider.forget_script()
    replicas.provider.script(Answer(tools=(("locate", {}),)))
    session_id = await replicas.one.session()
    said = await replicas.one.http.post(
        f"/v1/sessions/{session_id}/messages",
        json={"content": "where am I?", "client_tools": [LOCATE]},
        params={"wait": 20},
    )
    assert said.json()["state"] == "waiting"
    replicas.provider.script(Answer(tools=(("locate", {}),)))

    forked = await fork(replicas.one, session_id)

    (turn_id,) = forked["fork"]["turn_ids"]
    turn = await replicas.one.turn({"session_id": forked["id"], "id": turn_id})
    assert turn["state"] == "waiting"
    assert [each["tool"] for each in turn["client_calls"]] == ["locate"]
    offered = [each["function"]["name"] for each in replicas.provider.requests[-1]["tools"]]
    assert "locate" in offered
