# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from deploy.embedded.together import first_of, to_the_end, together


async def _forever(ended: asyncio.Event) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


async def _fail() -> None:
    raise ValueError("no")


async def _nothing() -> None: ...


async def test_when_one_fails_the_others_are_ended() -> None:
    ended = asyncio.Event()

    with pytest.raises(ValueError, match="no"):
        await together(_forever(ended), _fail())

    assert ended.is_set()


async def test_the_first_to_finish_ends_the_others() -> None:
    ended = asyncio.Event()

    await first_of(_forever(ended), _nothing())

    assert ended.is_set()


async def test_the_first_to_fail_ends_the_others() -> None:
    ended = asyncio.Event()

    with pytest.raises(ValueError, match="no"):
        await first_of(_forever(ended), _fail())

    assert ended.is_set()


async def test_work_goes_on_to_its_end_although_we_are_cancelled() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    task = asyncio.create_task(to_the_end(work()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="no"):
        await to_the_end(_fail())
