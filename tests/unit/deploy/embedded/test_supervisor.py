# SPDX-License-Identifier: Apache-2.0
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.errors import RepeatedCrashError
from deploy.embedded.supervisor import Supervisor
from shared.retry import RetryPolicy
from tests.support.embedded.processes import all_gone, family
from tests.support.eventually import eventually

AT_ONCE = RetryPolicy(initial_delay=timedelta(milliseconds=1), max_attempts=3)


def _child(tmp_path: Path, name: str, *command: str) -> Child:
    return Child(ChildSpec(name=name, command=command, log_path=tmp_path / f"{name}.log"))


def _sleeper(tmp_path: Path, name: str = "sleeper") -> Child:
    return _child(tmp_path, name, "/bin/sleep", "600")


async def test_a_crashed_program_is_reported_and_started_again(tmp_path: Path) -> None:
    reports: list[str] = []
    child = _sleeper(tmp_path)
    supervisor = Supervisor([child], report=reports.append, policy=AT_ONCE)
    await supervisor.start()
    first = child.pid

    supervisor.kill_one("sleeper")

    await eventually(lambda: child.pid not in {None, first})
    assert reports == ["sleeper ended by SIGKILL; starting it again in 0.001 s"]
    await supervisor.stop()


async def test_the_report_has_the_last_error_line_of_the_log(tmp_path: Path) -> None:
    reports: list[str] = []
    child = _child(tmp_path, "failing", sys.executable, "-c", "raise ValueError('no')")
    supervisor = Supervisor([child], report=reports.append, policy=AT_ONCE)
    await supervisor.start()

    await eventually(lambda: reports)

    assert reports[0].startswith("failing ended with exit code 1: ValueError: no; starting it")
    await supervisor.stop()


async def test_after_repeated_crashes_it_gives_up_and_says_why(tmp_path: Path) -> None:
    reports: list[str] = []
    child = _child(tmp_path, "failing", sys.executable, "-c", "raise ValueError('no')")
    supervisor = Supervisor([child], report=reports.append, policy=AT_ONCE)
    await supervisor.start()

    with pytest.raises(RepeatedCrashError, match="failing ended with exit code 1: ValueError: no"):
        await supervisor.failure()

    assert len(reports) == AT_ONCE.max_attempts - 1
    assert not child.running
    await supervisor.stop()


async def test_crashes_long_apart_do_not_add_up(tmp_path: Path) -> None:
    reports: list[str] = []
    child = _sleeper(tmp_path)
    supervisor = Supervisor(
        [child], report=reports.append, policy=AT_ONCE, calm=timedelta(microseconds=1)
    )
    await supervisor.start()

    while len(reports) < 2 * AT_ONCE.max_attempts:
        before = len(reports)
        await eventually(lambda: child.running)
        supervisor.kill_one("sleeper")
        await eventually(_grows(reports, before))

    await eventually(lambda: child.running)
    await supervisor.stop()


def _grows(reports: list[str], before: int) -> Callable[[], bool]:
    return lambda: len(reports) > before


async def test_a_program_that_was_stopped_stays_down_until_it_is_started(tmp_path: Path) -> None:
    reports: list[str] = []
    child = _sleeper(tmp_path)
    supervisor = Supervisor([child], report=reports.append, policy=AT_ONCE)
    await supervisor.start()

    await supervisor.stop_one("sleeper")
    assert not child.running
    await supervisor.start_one("sleeper")
    assert child.running

    await supervisor.stop()
    assert reports == []


async def test_stop_leaves_no_process(tmp_path: Path) -> None:
    children = [_sleeper(tmp_path, name) for name in ("one", "two", "three")]
    supervisor = Supervisor(children, report=lambda _: None, policy=AT_ONCE)
    await supervisor.start()
    processes = [process for child in children for process in family(child.pid or 0)]

    await supervisor.stop()

    await all_gone(processes)


async def test_when_one_cannot_be_started_none_is_left_running(tmp_path: Path) -> None:
    good, bad = _sleeper(tmp_path), _sleeper(tmp_path / "not there", "bad")
    supervisor = Supervisor([good, bad], report=lambda _: None, policy=AT_ONCE)

    with pytest.raises(FileNotFoundError):
        await supervisor.start()

    assert not good.running
