# SPDX-License-Identifier: Apache-2.0
"""Real programs, as a model could start them."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.orchestrator.tools import launcher
from services.orchestrator.tools.command_limits import CommandLimits
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.leftovers import MARK
from services.orchestrator.tools.run_command import RUN_COMMAND
from services.orchestrator.tools.tool import ToolContext
from tests.support.eventually import eventually


@pytest.fixture
def allowed(context: ToolContext) -> ToolContext:
    return replace(context, commands=frozenset({"python3", "sh", "echo", "env", "nonesuch"}))


async def run(context: ToolContext, *argv: str, seconds: int = 30) -> str:
    arguments = RUN_COMMAND.validate({"argv": list(argv), "seconds": seconds})
    return (await RUN_COMMAND.call(arguments, context)).content


def alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


async def pid_in(file: Path) -> int:
    number: int = await eventually(lambda: _complete_number(file))
    return number


def _complete_number(file: Path) -> int:
    text = file.read_text() if file.exists() else ""
    return int(text) if text.endswith("\n") else 0


async def test_it_is_off_unless_allowed(context: ToolContext) -> None:
    with pytest.raises(ToolError, match="'echo' may not be run here; allowed: none"):
        await run(context, "echo", "hi")


@pytest.mark.parametrize("program", ["ls", "/bin/echo", "./echo", "Echo", ""])
async def test_only_exactly_the_allowed_names_are_run(allowed: ToolContext, program: str) -> None:
    with pytest.raises(ToolError, match="may not be run here"):
        await run(allowed, program)


async def test_it_runs_in_the_workspace_and_shows_status_and_both_outputs(
    allowed: ToolContext,
) -> None:
    said = await run(allowed, "sh", "-c", "pwd; echo problem >&2; exit 3")

    assert said == f"exit status 3\n{allowed.workspace.files}\nproblem\n"


async def test_no_shell_interprets_the_words(allowed: ToolContext) -> None:
    assert await run(allowed, "echo", "$HOME; ls | cat", "`id`") == (
        "exit status 0\n$HOME; ls | cat `id`\n"
    )


async def test_it_sees_nothing_of_our_environment(
    allowed: ToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:password@host/db")

    said = await run(allowed, "env")

    names = {line.partition("=")[0] for line in said.splitlines()[1:]}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "LANG", MARK}


async def test_its_input_is_empty(allowed: ToolContext) -> None:
    assert (
        await run(
            allowed,
            "python3",
            "-c",
            "print(repr(input.__call__ and __import__('sys').stdin.read()))",
        )
        == "exit status 0\n''\n"
    )


async def test_a_program_that_is_not_there_is_told(allowed: ToolContext) -> None:
    with pytest.raises(ToolError, match="'nonesuch' cannot be started: No such file"):
        await run(allowed, "nonesuch")


async def test_output_is_kept_to_its_limit(allowed: ToolContext) -> None:
    said = await run(allowed, "python3", "-c", "print('x' * 100_000)")

    assert said.startswith("exit status 0\nxxx")
    assert said.endswith("x\n(the rest of the output is left out)")
    assert len(said) < 66_000


async def test_a_program_that_prints_without_end_is_stopped(allowed: ToolContext) -> None:
    said = await run(allowed, "python3", "-c", "while True: print('x' * 10_000)")

    assert said.startswith("stopped: it printed without end\nxxx")


async def test_a_program_is_stopped_with_its_children_when_its_time_is_over(
    allowed: ToolContext,
) -> None:
    script = "sleep 60 & echo $! > child; echo started; wait"

    said = await run(allowed, "sh", "-c", script, seconds=1)

    assert said == "stopped: its time was over\nstarted\n"
    child = await pid_in(allowed.workspace.files / "child")
    await eventually(lambda: not alive(child))


async def test_the_time_of_the_call_is_a_limit_too(allowed: ToolContext) -> None:
    short = replace(allowed, time_limit=timedelta(seconds=0.5))

    assert (await run(short, "sh", "-c", "sleep 60")).startswith("stopped: its time was over")


async def test_children_that_are_left_behind_are_stopped(allowed: ToolContext) -> None:
    said = await run(allowed, "sh", "-c", "sleep 60 & echo $! > child")

    assert said == "exit status 0\n"
    child = await pid_in(allowed.workspace.files / "child")
    await eventually(lambda: not alive(child))


DAEMON = (
    "import os, time\n"
    "heard, said = os.pipe()\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        open('child', 'w').write(f'{os.getpid()}\\n')\n"
    "        os.execve('/bin/sleep', ['sleep', '60'], {})\n"
    "    os._exit(0)\n"
    "os.close(said)\n"
    "os.read(heard, 1)\n"
)
"""It waits until the daemon is on its own, which it knows by the pipe that closes then."""


@pytest.mark.parametrize(
    ("rest", "seconds", "how"),
    [("", 30, "exit status 0\n"), ("time.sleep(60)\n", 2, "stopped: its time was over\n")],
)
async def test_a_daemon_that_left_group_session_parent_and_variables_is_stopped_with_the_rest(
    allowed: ToolContext, rest: str, seconds: int, how: str
) -> None:
    """Safeguard: the launcher adopts orphans and ends all its descendants."""
    said = await run(allowed, "python3", "-c", DAEMON + rest, seconds=seconds)

    assert said == how
    child = await pid_in(allowed.workspace.files / "child")
    await eventually(lambda: not alive(child))


async def test_a_program_that_kills_its_launcher_is_stopped_too(allowed: ToolContext) -> None:
    """Safeguard: ``end_leftovers`` finds its descendants by their mark."""
    script = "sleep 60 & echo $! > child; kill -9 $PPID; sleep 60"

    assert await run(allowed, "sh", "-c", script) == "stopped: it ended what runs it\n"

    child = await pid_in(allowed.workspace.files / "child")
    await eventually(lambda: not alive(child))


async def test_a_program_does_not_outlive_its_launcher_whatever_variables_it_has(
    allowed: ToolContext,
) -> None:
    """Safeguard: ``PR_SET_PDEATHSIG``. Also who is cancelled while it starts leaves nothing."""
    script = "echo $$ > self; exec env -i sh -c 'kill -9 $PPID; sleep 60'"

    assert await run(allowed, "sh", "-c", script) == "stopped: it ended what runs it\n"

    program = await pid_in(allowed.workspace.files / "self")
    await eventually(lambda: not alive(program))


async def test_a_program_is_stopped_when_whoever_runs_it_is_gone(allowed: ToolContext) -> None:
    """Safeguard: the launcher ends everything when its input is closed, as by a crash."""
    files = allowed.workspace.files
    script = "echo $$ > self; sleep 60"
    limits = json.dumps({"memory": 2**30, "cpu_seconds": 60, "processes": 9})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", launcher.__file__, limits, "2", "sh", "-c", script),
        stdin=asyncio.subprocess.PIPE,
        cwd=files,
    )
    program = await pid_in(files / "self")

    assert process.stdin
    process.stdin.close()

    assert await process.wait() == 0
    assert not alive(program)


def limited(context: ToolContext, **limits: int) -> ToolContext:
    return replace(context, command_limits=CommandLimits.model_validate(limits))


async def test_a_process_gets_no_more_memory_than_it_may_have(allowed: ToolContext) -> None:
    """Safeguard: ``RLIMIT_DATA`` of the launcher."""
    said = await run(limited(allowed, memory=128), "python3", "-c", "bytearray(400 << 20)")

    assert said.startswith("exit status 1\n")
    assert "MemoryError" in said


async def test_a_program_is_stopped_when_it_takes_more_memory_than_it_may_by_a_way_around(
    allowed: ToolContext,
) -> None:
    """Safeguard: the launcher adds up what all of its descendants have."""
    script = (
        "import mmap, time\n"
        "shared = mmap.mmap(-1, 200 << 20)\n"
        "for at in range(0, len(shared), 4096): shared[at] = 1\n"
        "time.sleep(60)\n"
    )

    said = await run(limited(allowed, memory=128), "python3", "-c", script)

    assert said == "stopped: it took more than 128 MiB of memory\n"


async def test_a_program_is_stopped_when_it_has_too_many_processes(allowed: ToolContext) -> None:
    script = "for each in 1 2 3 4 5; do sleep 60 & echo $! > child; done; wait"

    said = await run(limited(allowed, processes=4), "sh", "-c", script)

    assert said == "stopped: there were more than 4 processes of it\n"
    child = await pid_in(allowed.workspace.files / "child")
    await eventually(lambda: not alive(child))


async def test_a_program_is_stopped_when_its_processor_time_is_over(allowed: ToolContext) -> None:
    """Safeguard: ``RLIMIT_CPU`` of the launcher."""
    said = await run(limited(allowed, cpu_time=1), "python3", "-c", "while True: pass")

    assert said == "stopped: it used more than 1 s of processor time\n"


async def test_the_programs_of_others_are_left_alone(allowed: ToolContext) -> None:
    other = asyncio.create_task(run(allowed, "sh", "-c", "echo $$ > self; read x < go; echo done"))
    os.mkfifo(allowed.workspace.files / "go")
    program = await pid_in(allowed.workspace.files / "self")

    await run(allowed, "echo", "hi")

    assert alive(program)
    (allowed.workspace.files / "go").write_text("on\n")
    assert await other == "exit status 0\ndone\n"


async def test_a_program_is_stopped_when_the_call_is_cancelled(allowed: ToolContext) -> None:
    call = asyncio.create_task(run(allowed, "sh", "-c", "echo $$ > self; sleep 60"))
    program = await pid_in(allowed.workspace.files / "self")

    call.cancel()
    await asyncio.wait({call})

    assert call.cancelled()
    await eventually(lambda: not alive(program))


@pytest.mark.parametrize(
    "arguments",
    [
        {"argv": []},
        {"argv": ["echo"] * 65},
        {"argv": ["echo", "x" * 4097]},
        {"argv": ["echo", "a\0b"]},
        {"argv": "echo hi"},
        {"argv": ["echo"], "seconds": 0},
        {"argv": ["echo"], "seconds": 301},
        {"argv": ["echo"], "env": {"A": "b"}},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ToolError, match="run_command"):
        RUN_COMMAND.validate(arguments)
