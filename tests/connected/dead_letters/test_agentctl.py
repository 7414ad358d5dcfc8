# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest
import uvicorn
from fastapi import FastAPI

from services.dead_letters.api import dead_letters_router
from services.dead_letters.job_api import jobs_router
from services.dead_letters.job_runner import JobRunner
from services.dead_letters.letters.lifecycle import Status
from services.dead_letters.store.answers import Refusal
from services.dead_letters.views import RedriveRequest
from shared.events.topics import CONSUMING_SERVICES
from shared.http import install_problems
from shared.messaging import OutgoingRecord, Record, headers as names
from tests.support.agentctl import Agentctl, Outcome
from tests.support.dead_letter_records import EVENT_HEADERS, failed, read_back, source_record
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
    app.include_router(jobs_router(desk.database, desk.jobs))
    replica = desk.replica("desk")
    runner = JobRunner(replica.leases, replica, look=timedelta(milliseconds=50))
    await runner.start()
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
    await runner.stop()


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


async def test_a_group_is_redriven_until_too_many_of_a_batch_come_back_and_then_the_rest(
    desk: TestDesk, agentctl: Run
) -> None:
    """Fails if the job went on, or if the second one sent again what the first one has sent."""
    await desk.keep(*(failed(_event(sequence)) for sequence in (3, 1, 4, 2)))
    group = (await desk.letters())[0].fingerprint
    choice = ("dlq", "redrive", "--group", group, "--batch", "2", "--yes", "--json")

    dry = await agentctl(*choice, "--dry-run")
    first = asyncio.ensure_future(agentctl(*choice, "--stop-on-failures", "0", "--wait", "30"))
    sent = await _sent(desk, 2)
    await desk.keep(failed(read_back(sent[0], offset=40)))
    stopped = await first
    rest = await agentctl(*choice, "--wait", "0")
    jobs = (await agentctl("dlq", "jobs", "list", "--json")).data["items"]

    assert [each["sequence"] for each in dry.data["items"]] == [1, 2, 3, 4]
    assert stopped.code == 1
    assert [each["outcome"] for each in stopped.data["letters"]] == [
        "came_back",
        "sent",
        "waiting",
        "waiting",
    ]
    assert (rest.code, [each["sequence"] for each in rest.data["letters"]]) == (0, [1, 3, 4])
    assert [_sequence(each) for each in await desk.redriven()] == [1, 2, 1, 3, 4]
    assert [each["state"] for each in jobs] == ["completed", "stopped"]


async def test_a_letter_that_was_redriven_meanwhile_is_not_sent_by_an_older_choice(
    desk: TestDesk,
) -> None:
    """Fails if the desk did not compare how often the letter was redriven."""
    await desk.keep(failed(source_record()))
    letter = (await desk.only_letter()).id
    chosen = RedriveRequest(operator="ada", redrive_count=0)
    await desk.redrive(letter, chosen)
    [sent] = await desk.redriven()
    await desk.keep(failed(read_back(sent, offset=40)))

    answer = await desk.desk.redrive(letter, chosen)

    assert (await desk.only_letter()).status is Status.OPEN
    assert isinstance(answer, Refusal)
    assert answer.status == 409
    assert len(await desk.redriven()) == 1


def _event(sequence: int) -> Record:
    headers = (*EVENT_HEADERS, (names.SEQUENCE, str(sequence).encode()))
    return source_record(offset=sequence, headers=headers)


def _sequence(record: OutgoingRecord) -> int:
    return int(dict(record.headers)[names.SEQUENCE] or b"")


async def _sent(desk: TestDesk, number: int) -> list[OutgoingRecord]:
    async def there() -> bool:
        return len(await desk.redriven()) == number

    await eventually(there)
    return await desk.redriven()


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
