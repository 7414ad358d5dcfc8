# SPDX-License-Identifier: Apache-2.0
"""``agent-runtime up`` as a process of its own, with real servers and scripted services."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.ports import is_free
from deploy.embedded.state_directory import StateDirectory
from deploy.embedded.status import show_status
from tests.support.embedded.processes import alive, all_gone, ask, family
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

REPOSITORY = Path(__file__).parents[3]
SCRIPT = "tests.support.embedded.scripted_stack"
Up = Callable[..., Awaitable[Process]]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.fixture
async def up(state: StateDirectory) -> AsyncGenerator[Up]:
    """Start a stack with its services misbehaving or not; kill what is left of it afterwards."""
    started: list[Process] = []

    async def start(misbehaviour: str = "", *, warm: bool = False) -> Process:
        options = ("--misbehaviour", misbehaviour, "--warm" if warm else "--no-warm")
        command = (sys.executable, "-m", SCRIPT, str(state.path), *options)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=REPOSITORY, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _ready(state: StateDirectory) -> StackAddresses:
    await eventually(state.stack_file.exists, timeout=60, message="the stack was not ready")
    return StackAddresses.read(state.stack_file)


async def _ends(process: Process) -> tuple[int, str, str]:
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.parametrize(("number", "warm"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
async def test_one_signal_ends_everything_and_leaves_no_process(
    up: Up, state: StateDirectory, number: signal.Signals, warm: bool
) -> None:
    process = await up(warm=warm)
    addresses = await _ready(state)
    processes = family(process.pid)

    process.send_signal(number)
    code, out, _ = await _ends(process)

    assert code == 0
    assert alive(processes) == []
    assert not state.stack_file.exists()
    ports = [int(url.rpartition(":")[2]) for url in addresses.services.values()]
    assert all(is_free(port) for port in ports)
    assert json.loads(out) == addresses.without_secrets()


async def test_services_end_before_the_servers_and_a_second_signal_does_not_wait_for_them(
    up: Up, state: StateDirectory
) -> None:
    process = await up("ignore")
    await _ready(state)
    processes = family(process.pid)
    names = ("tansu", "postgres", "valkey-server", "audit", "metrics")
    programs = [program for program in (_find(process, name) for name in names) if program]

    process.send_signal(signal.SIGINT)
    await _asked_to_end(state, "audit")
    await _asked_to_end(state, "metrics")
    assert len(alive(programs)) == len(names)

    process.send_signal(signal.SIGINT)
    code, _, _ = await _ends(process)

    assert code == 0
    assert alive(processes) == []


async def test_a_signal_during_the_start_ends_everything(up: Up, state: StateDirectory) -> None:
    process = await up()
    await eventually((state.logs / "postgres.log").exists, timeout=60)
    processes = family(process.pid)

    process.send_signal(signal.SIGINT)
    code, _, _ = await _ends(process)

    assert code == 0
    assert alive(processes) == []


async def test_when_it_is_killed_nothing_is_left_and_it_starts_again(
    up: Up, state: StateDirectory
) -> None:
    process = await up(warm=True)
    await _ready(state)
    processes = family(process.pid)

    process.kill()
    await process.wait()

    await all_gone(processes)
    state.stack_file.unlink()
    await up()
    await _ready(state)


async def test_what_crashes_is_reported_in_one_line_and_started_again(
    up: Up, state: StateDirectory
) -> None:
    process = await up()
    await _ready(state)

    for name in ("audit", "tansu", "postgres", "valkey-server"):
        victim = _find(process, name)
        assert victim
        victim.kill()

        assert "ended by SIGKILL" in await _line(process, "starting it again")
        again = await eventually(_finder(process, name), timeout=30)
        assert again != victim


async def test_services_that_always_crash_end_everything_with_their_last_words(
    up: Up, state: StateDirectory
) -> None:
    process = await up("crash")

    code, out, err = await _ends(process)

    assert code == 1
    assert out == ""
    last = err.splitlines()[-1]
    assert "ended with exit code 1: RuntimeError: told to crash; it did so 5 times" in last
    assert "Traceback" not in err
    state.claim()  # nobody has it any more
    state.release()


async def test_a_second_stack_is_refused_in_one_line_and_status_tells_who_is_not_ready(
    up: Up, state: StateDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    process = await up()
    await _ready(state)

    code, _, err = await _ends(await up())

    assert code == 1
    assert f"already (process {process.pid}): stop it with Ctrl-C, or choose another" in err
    assert len(err.splitlines()) == 1

    assert await show_status(state.path, as_json=True) == 0
    assert _readiness(capsys.readouterr().out) == [True, True]

    metrics = _find(process, "metrics")
    assert metrics
    metrics.suspend()  # it neither answers nor ends
    assert await show_status(state.path, as_json=True) == 1
    assert _readiness(capsys.readouterr().out) == [True, False]


def _find(process: Process, name: str) -> psutil.Process | None:
    """Return the running process of a server, or of a service by its last argument."""

    def is_it(each: psutil.Process) -> psutil.Process | None:
        return each if each.name() == name or each.cmdline()[-1:] == [name] else None

    return next(filter(None, ask(family(process.pid), is_it)), None)


def _finder(process: Process, name: str) -> Callable[[], psutil.Process | None]:
    return lambda: _find(process, name)


async def _asked_to_end(state: StateDirectory, service: str) -> None:
    log = state.logs / f"{service}.log"
    await eventually(lambda: "asked to end" in log.read_text())


def _readiness(output: str) -> list[bool]:
    return [service["ready"] for service in json.loads(output).values()]


async def _line(process: Process, text: str) -> str:
    """Return the first line of the progress that has ``text`` in it."""
    assert process.stderr
    async with asyncio.timeout(30):
        while line := await process.stderr.readline():
            if text in line.decode():
                return line.decode()
    raise AssertionError(f"it ended without saying {text!r}")
