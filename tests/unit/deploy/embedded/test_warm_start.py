# SPDX-License-Identifier: Apache-2.0
import json
import signal
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.environment import service_environment
from deploy.embedded.warm_start import PRELOADED, WarmStart
from tests.support.embedded import reporting_program
from tests.support.embedded.processes import all_gone, family
from tests.support.eventually import eventually


def _warm_start(tmp_path: Path, *preloaded: str) -> WarmStart:
    return WarmStart(
        log_path=tmp_path / "nursery.log", environment=service_environment({}), preloaded=preloaded
    )


@pytest.fixture
async def warm(tmp_path: Path) -> AsyncGenerator[WarmStart]:
    start = _warm_start(tmp_path)
    await start.start()
    yield start
    await start.stop()


@pytest.fixture
def spec(tmp_path: Path) -> ChildSpec:
    return ChildSpec(
        name="reporter",
        command=(sys.executable, "-m", reporting_program.__name__),
        module=reporting_program.__name__,
        log_path=tmp_path / "reporter.log",
        environment={"ONLY": "this", "EXIT": "3"},
        directory=tmp_path,
    )


def _report(spec: ChildSpec) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(spec.log_path.read_text())
    return report


async def test_a_module_runs_as_a_process_of_its_own(
    warm: WarmStart, spec: ChildSpec, tmp_path: Path
) -> None:
    child = Child(spec, spawn=warm.spawn)
    await child.start()
    pid = child.pid

    assert await child.wait() == 3

    report = _report(spec)
    assert report["environment"] == ["EXIT", "ONLY"]
    assert report["directory"] == str(tmp_path)
    assert report["session"] == report["pid"] == pid
    assert report["program"] == reporting_program.__file__
    assert report["descriptors"][:3] == [0, 1, 2]
    assert len(report["descriptors"]) == 4  # the last one lists them


async def test_it_comes_out_of_the_nursery(warm: WarmStart, spec: ChildSpec) -> None:
    child = Child(replace(spec, environment={}), spawn=warm.spawn)
    await child.start()

    parent = psutil.Process(child.pid).parent()
    await eventually(lambda: psutil.Process(child.pid).name() == "reporter")
    await child.stop()

    assert parent
    assert "deploy.embedded.nursery" in parent.cmdline()
    assert await child.wait() == -signal.SIGTERM


async def test_several_are_told_apart(warm: WarmStart, spec: ChildSpec, tmp_path: Path) -> None:
    children = [
        Child(
            replace(spec, name=name, environment={"EXIT": name}, log_path=tmp_path / name),
            spawn=warm.spawn,
        )
        for name in ("4", "5", "6")
    ]
    for child in children:
        await child.start()

    assert [await child.wait() for child in children] == [4, 5, 6]


async def test_what_it_says_at_its_end_is_found(warm: WarmStart, spec: ChildSpec) -> None:
    child = Child(replace(spec, module="not.there"), spawn=warm.spawn)

    await child.start()

    assert await child.wait() == 1
    assert "ModuleNotFoundError: No module named 'not'" in child.last_words()


async def test_when_the_nursery_is_killed_children_end_and_later_ones_start_without_it(
    warm: WarmStart, spec: ChildSpec
) -> None:
    child = Child(replace(spec, environment={}), spawn=warm.spawn)
    await child.start()
    nursery = psutil.Process(child.pid).parent()
    assert nursery
    processes = family(nursery.pid)

    nursery.kill()

    assert await child.wait() == -signal.SIGKILL
    await all_gone(processes)
    again = Child(replace(spec, environment=service_environment({"EXIT": "7"})), spawn=warm.spawn)
    await again.start()
    assert await again.wait() == 7


async def test_an_environment_too_large_for_the_nursery_starts_without_it(
    warm: WarmStart, spec: ChildSpec
) -> None:
    large = {f"LARGE_{number}": "x" * 100_000 for number in range(11)}
    child = Child(
        replace(spec, environment=service_environment({"EXIT": "8", **large})), spawn=warm.spawn
    )

    await child.start()

    assert await child.wait() == 8


async def test_before_it_is_started_everything_starts_without_it(
    tmp_path: Path, spec: ChildSpec
) -> None:
    child = Child(
        replace(spec, environment=service_environment({"EXIT": "9"})),
        spawn=_warm_start(tmp_path).spawn,
    )

    await child.start()

    assert await child.wait() == 9


async def test_what_is_preloaded_has_nothing_of_a_service_and_no_thread(
    tmp_path: Path, spec: ChildSpec
) -> None:
    warm = _warm_start(tmp_path, *PRELOADED)
    await warm.start()
    child = Child(spec, spawn=warm.spawn)
    await child.start()
    await child.wait()
    await warm.stop()

    assert _report(spec)["services"] == []
    assert _report(spec)["threads"] == 1


async def test_stop_leaves_no_process(tmp_path: Path, spec: ChildSpec) -> None:
    warm = _warm_start(tmp_path)
    await warm.start()
    child = Child(replace(spec, environment={}), spawn=warm.spawn)
    await child.start()
    nursery = await eventually(psutil.Process(child.pid).parent)
    processes = family(nursery.pid)

    await warm.stop()

    await all_gone(processes)
    assert not child.running
