# SPDX-License-Identifier: Apache-2.0
import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from deploy.embedded.child import Child, ChildSpec
from tests.support.embedded.processes import all_gone, family
from tests.support.eventually import eventually

STUBBORN = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n"
)
PARENT = (
    "import asyncio, sys\n"
    "from pathlib import Path\n"
    "from deploy.embedded.child import Child, ChildSpec\n"
    "async def main():\n"
    "    sleep = ('/bin/sleep', '600')\n"
    "    spec = ChildSpec(name='sleeper', command=sleep, log_path=Path(sys.argv[1]))\n"
    "    await Child(spec).start()\n"
    "    await asyncio.Event().wait()\n"
    "asyncio.run(main())\n"
)


@pytest.fixture
def sleeper(tmp_path: Path) -> ChildSpec:
    return ChildSpec(
        name="sleeper", command=("/bin/sleep", "600"), log_path=tmp_path / "sleeper.log"
    )


def _python(spec: ChildSpec, program: str) -> ChildSpec:
    return replace(spec, command=(sys.executable, "-c", program))


async def test_it_ends_when_asked(sleeper: ChildSpec) -> None:
    child = Child(sleeper)
    await child.start()
    processes = family(child.pid or 0)

    await child.stop()

    assert await child.wait() == -signal.SIGTERM
    assert not child.running
    await all_gone(processes)


async def test_it_is_ended_when_it_does_not_end_by_itself(sleeper: ChildSpec) -> None:
    spec = replace(_python(sleeper, STUBBORN), stop_timeout=timedelta(milliseconds=50))
    child = Child(spec)
    await child.start()
    await eventually(lambda: "ready" in spec.log_path.read_text())

    await child.stop()

    assert await child.wait() == -signal.SIGKILL


async def test_what_it_started_is_ended_with_it(sleeper: ChildSpec) -> None:
    program = "import subprocess; subprocess.run(['/bin/sleep', '600'])"
    child = Child(_python(sleeper, program))
    await child.start()
    processes = await eventually(lambda: [p for p in [family(child.pid or 0)] if len(p) == 2])

    child.kill()

    await child.wait()
    await all_gone(processes[0])


async def test_it_sees_the_given_environment_and_no_more(sleeper: ChildSpec) -> None:
    spec = replace(
        _python(sleeper, "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"),
        environment={"ONLY": "this"},
    )
    child = Child(spec)

    await child.start()
    await child.wait()

    assert spec.log_path.read_text().strip() == "['ONLY']"


async def test_its_last_words_are_those_of_this_run(sleeper: ChildSpec) -> None:
    spec = _python(sleeper, "import sys; sys.exit('ValueError: no')")
    spec.log_path.write_text("error of yesterday\n")
    child = Child(spec)

    await child.start()

    assert await child.wait() == 1
    assert child.last_words() == "ValueError: no"


async def test_a_program_that_is_not_there_says_so(sleeper: ChildSpec) -> None:
    child = Child(replace(sleeper, command=("/not/there",)))

    await child.start()

    assert await child.wait() == 1
    assert child.last_words() == "cannot run /not/there: No such file or directory"


async def test_it_does_not_get_the_interrupt_of_the_terminal(sleeper: ChildSpec) -> None:
    child = Child(sleeper)
    await child.start()
    try:
        assert os.getsid(child.pid or 0) != os.getsid(0)
    finally:
        await child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
async def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "log"), cwd=Path(__file__).parents[4]
    )
    try:
        processes = await eventually(lambda: [p for p in [family(parent.pid)] if _sleeps(p)])
    finally:
        parent.kill()
        await parent.wait()

    await all_gone(processes[0])


def _sleeps(processes: list[psutil.Process]) -> bool:
    return any(process.name() == "sleep" for process in processes)
