# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import uvicorn
from fastapi import FastAPI

from services.dead_letters.api import dead_letters_router
from services.dead_letters.letters.lifecycle import Status
from shared.events.topics import CONSUMING_SERVICES
from shared.http import install_problems
from tests.support.agentctl import Agentctl, Outcome
from tests.support.dead_letter_records import failed, source_record
from tests.support.desk import TestDesk
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

Run = Callable[..., Awaitable[Outcome]]


@pytest.fixture
async def agentctl(
    desk: TestDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Run]:
    """Run commands against the desk on a port of its own."""
    app = FastAPI()
    install_problems(app)
    app.include_router(dead_letters_router(desk.database, desk.desk, services=CONSUMING_SERVICES))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    monkeypatch.setenv("AGENTCTL_DEAD_LETTERS_URL", f"http://127.0.0.1:{port}")
    command = Agentctl(capture=capsys)

    async def run(*arguments: str) -> Outcome:
        return await asyncio.to_thread(command, *arguments)

    yield run
    server.should_exit = True
    await serving


async def test_an_operator_finds_a_letter_tries_it_and_sends_it_back(
    desk: TestDesk, agentctl: Run
) -> None:
    await desk.keep(failed(source_record(offset=1)), failed(source_record(offset=2)))

    [group] = (await agentctl("dlq", "groups", "--status", "open", "--json")).data["items"]
    page = (await agentctl("dlq", "list", "--group", group["fingerprint"], "--json")).data
    letter = page["items"][0]["id"]
    shown = await agentctl("dlq", "show", letter)
    dry = await agentctl("dlq", "redrive", letter, "--dry-run")
    unchanged = await desk.redriven()
    sent = await agentctl("dlq", "redrive", letter, "--reason", "mended", "--operator", "ada")
    refused = await agentctl("dlq", "redrive", letter, "--operator", "ada")

    assert (group["letters"], len(page["items"])) == (2, 2)
    assert "PermanentError: it cannot be" in shown.out
    assert (dry.code, unchanged) == (0, [])
    assert (sent.code, len(await desk.redriven())) == (0, 1)
    assert refused.code == 1
    assert refused.err.endswith(
        "the letter is redriven; only an open or a parked one can be redriven\n"
    )
    assert (await agentctl("dlq", "list", "--status", "redriven", "--json")).data["items"]


async def test_an_operator_gives_a_letter_up(desk: TestDesk, agentctl: Run) -> None:
    await desk.keep(failed(source_record()))
    letter = str((await desk.only_letter()).id)

    outcome = await agentctl("dlq", "discard", letter, "--reason", "gone", "--operator", "ada")

    assert (outcome.code, outcome.out) == (0, f"{letter}  discarded\n")
    assert (await desk.only_letter()).status is Status.DISCARDED


async def test_a_wrong_filter_is_explained(agentctl: Run) -> None:
    outcome = await agentctl("dlq", "list", "--status", "lost")

    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "query.status" in outcome.err
