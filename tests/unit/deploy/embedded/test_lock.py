# SPDX-License-Identifier: Apache-2.0
import asyncio
from datetime import timedelta
from pathlib import Path

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.lock import FileLock


def test_one_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert first.acquire()
    assert not second.acquire()

    first.release()
    assert second.acquire()
    second.release()


async def test_it_is_taken_as_soon_as_it_is_free(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.acquire()
    waiting = asyncio.create_task(second.acquire_within(timedelta(seconds=30)))

    first.release()

    assert await waiting
    second.release()


async def test_patience_ends(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.acquire()

    assert not await second.acquire_within(timedelta(milliseconds=30))
    first.release()


async def test_a_child_that_inherited_it_holds_it_until_it_ends(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.acquire()
    child = Child(
        ChildSpec(
            name="sleeper",
            command=("/bin/sleep", "60"),
            log_path=tmp_path / "log",
            inherited=(first.descriptor,),
        )
    )
    await child.start()
    first.release()
    try:
        assert not second.acquire()
    finally:
        await child.stop()

    assert await second.acquire_within(timedelta(seconds=10))
    second.release()
