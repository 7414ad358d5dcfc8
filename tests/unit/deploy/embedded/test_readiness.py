# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.errors import StartupError
from deploy.embedded.readiness import until_ready

LONG = timedelta(seconds=30)


@pytest.fixture
async def sleeper(tmp_path: Path) -> AsyncGenerator[Child]:
    child = Child(
        ChildSpec(name="sleeper", command=("/bin/sleep", "600"), log_path=tmp_path / "log")
    )
    await child.start()
    yield child
    await child.stop()


async def test_it_asks_until_the_program_is_ready(sleeper: Child) -> None:
    answers = iter(["starting", "nearly", None])

    async def probe() -> str | None:
        return next(answers)

    await until_ready(sleeper, probe, patience=LONG)

    assert list(answers) == []


async def test_a_program_that_ends_is_noticed_although_the_question_is_open(
    sleeper: Child,
) -> None:
    async def probe() -> str | None:
        sleeper.kill()
        await asyncio.Event().wait()
        return None

    with pytest.raises(StartupError, match=r"^sleeper ended while it was starting"):
        await until_ready(sleeper, probe, patience=LONG)


async def test_a_program_that_is_not_ready_in_time_is_a_line_with_the_last_reason(
    sleeper: Child,
) -> None:
    async def probe() -> str | None:
        return "the database system is starting up"

    with pytest.raises(StartupError, match=r"not answer within 0.05 s: the database system is st"):
        await until_ready(sleeper, probe, patience=timedelta(milliseconds=50))
