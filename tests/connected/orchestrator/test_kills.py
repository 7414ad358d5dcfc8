# SPDX-License-Identifier: Apache-2.0
"""Replicas are killed at the edges of every step and inside it; nobody can tell afterwards.

Safeguards: each step is recorded before the next begins (``turns/ledger.py``), calls are in the
ledger before they are made (``turns/calling.py``), and what a crash cut off is repeated only if its
tool says that it may be (``turns/executing.py``). ``make kill-tests SEEDS=200`` comes to every
place.
"""

import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from shared.events import ApprovalRequested, Event
from tests.support.agents_files import agents_file
from tests.support.crashes.runs import Conversations, Kill, Run, conversations
from tests.support.databases import MigratedDatabase
from tests.support.openai_server import Answer, OpenAIServer, Request
from tests.support.recorded import recorded_events

pytestmark = [
    pytest.mark.connected,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("kills"),
]

TOOLS = [
    "write_file",
    "edit_file",
    "calculate",
    "retryable",
    "reconciled",
    "non_repeatable",
    "pick",
]
CLIENT_TOOLS = {"pick": {"description": "has the user pick"}}
AGENTS: dict[str, dict[str, Any]] = {
    "first": {
        "tools": TOOLS,
        "handover": ["second"],
        "approval": [{"tool": "write_file", "when": {"path": "protected/*"}}],
    },
    "second": {"tools": TOOLS},
}
EDIT = {"path": "a.txt", "old_text": "b", "new_text": "bb"}
WORK: list[Answer] = [
    Answer(tools=(("write_file", {"path": "a.txt", "content": "b"}), ("edit_file", EDIT))),
    Answer(tools=(("retryable", {"text": "one"}), ("reconciled", {"text": "two"}))),
    Answer(tools=(("write_file", {"path": "protected/c.txt", "content": "c"}),)),
    Answer(tools=(("hand_over", {"to_agent": "second", "reason": "yours"}),)),
    Answer(tools=(("pick", {"what": "x"}), ("calculate", {"expression": "6 * 7"}))),
    Answer(tools=(("calculate", {"wrong": 1}),)),
    Answer(text="All done."),
]
MESSAGES = ["do the work", "once more"]


def answer(request: Request) -> Answer:
    """Answer by how often the model has answered since the last message of the person."""
    roles = [each["role"] for each in request["messages"]]
    since = roles[::-1].index("user")
    said = roles[len(roles) - since :].count("assistant")
    if "lonely" in json.dumps(request["messages"]):
        return (Answer(tools=(("non_repeatable", {"text": "x"}),)), Answer(text="Done."))[said]
    return WORK[said]


@pytest.fixture(scope="module")
def provider() -> Generator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replicas(
    database: MigratedDatabase, provider: OpenAIServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Conversations]:
    agents = agents_file(tmp_path_factory.mktemp("agents"), AGENTS, client_tools=CLIENT_TOOLS)
    async with conversations(provider, database.url("orchestrator"), agents, answer) as held:
        yield held


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def undisturbed(replicas: Conversations, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return await replicas.hold("undisturbed", MESSAGES, tmp_path_factory.mktemp("u") / "run")


def kills_of(seed: int, undisturbed: Run) -> list[Kill]:
    """Return where replicas end: each seed has a place of its own, and most have more of them."""
    places = [Kill(place=place) for place in range(1, undisturbed.places + 1)]
    requests = [Kill(request=number) for number in range(1, len(undisturbed.requests) + 1)]
    every = places + requests
    random.Random(0).shuffle(every)  # noqa: S311 -- no secret
    chance = random.Random(seed)  # noqa: S311 -- no secret
    more = [
        chance.choice([Kill(place=chance.randint(1, 12)), Kill(request=1)])
        for _ in range(chance.choice([0, 1, 1, 2]))
    ]
    return [every[seed % len(every)], *more]


async def test_a_conversation_is_the_same_wherever_replicas_are_killed(
    replicas: Conversations,
    undisturbed: Run,
    database: MigratedDatabase,
    tmp_path: Path,
    kill_seed: int,
) -> None:
    kills = kills_of(kill_seed, undisturbed)
    name = f"seed {kill_seed}"

    run = await replicas.hold(name, MESSAGES, tmp_path / "run", kills=kills)

    said = f"killed at {run.killed_at or kills}"
    assert [key for key, _ in groupby(run.requests)] == undisturbed.requests, said
    cut_off = sum("model" in each or "transaction" in each for each in run.killed_at)
    asked_again = len(run.requests) - len(undisturbed.requests)
    assert asked_again <= cut_off + sum(kill.request is not None for kill in kills), said
    assert files_of(run) == files_of(undisturbed), said
    assert tools_of(run) == tools_of(undisturbed), said
    assert await told(database, name) == await told(database, "undisturbed"), said


@pytest.mark.parametrize(
    ("place", "decision"), [("before its effect", "approve"), ("after its effect", "reject")]
)
async def test_what_may_not_be_repeated_is_put_to_a_person_after_a_crash(
    replicas: Conversations,
    database: MigratedDatabase,
    tmp_path: Path,
    place: str,
    decision: Literal["approve", "reject"],
) -> None:
    """P2: tool, then result. Safeguard: what was cut off is looked into first."""
    name, directory = f"lonely, {place}", tmp_path / "run"
    kills = [Kill(place=f"inside non_repeatable, {place}")]

    run = await replicas.hold(name, ["lonely"], directory, kills=kills, decision="")

    assert len(run.journal) == (0 if decision == "approve" else 1)
    events = await events_of(database, name)
    (asked,) = [each for each in events if isinstance(each, ApprovalRequested)]
    assert asked.about == "outcome"

    run = await replicas.hold(name, ["lonely"], directory, decision=decision)

    assert len(run.journal) == 1
    told_model = json.loads(run.requests[-1])["messages"][-1]["content"]
    expected = "noted x" if decision == "approve" else "decided not to make it again"
    assert expected in told_model


def files_of(run: Run) -> dict[str, str]:
    """Return the files of the one workspace of a run."""
    (workspace,) = (run.directory / "workspaces").iterdir()
    files = workspace / "files"
    return {
        str(path.relative_to(files)): path.read_text()
        for path in sorted(files.rglob("*"))
        if path.is_file()
    }


def tools_of(run: Run) -> Counter[str]:
    """Return how many effects each counting tool had; no effect may be there twice."""
    assert len(set(run.journal)) == len(run.journal)
    return Counter(line.split(" ")[0] for line in run.journal)


async def told(database: MigratedDatabase, name: str) -> list[str]:
    """Return the names of all events of a run, which are numbered without gaps."""
    events = await events_of(database, name)
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    return [each.name() for each in events]


async def events_of(database: MigratedDatabase, name: str) -> list[Event]:
    """Return the events of the session of a run, in order."""
    events = await recorded_events(database.admin_url)
    (session_id,) = {each.session_id for each in events if each.correlation_id == name}
    return [each for each in events if each.session_id == session_id]
