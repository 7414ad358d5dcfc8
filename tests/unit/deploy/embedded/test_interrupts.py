# SPDX-License-Identifier: Apache-2.0
import asyncio
import os
import signal

import pytest

from deploy.embedded.interrupts import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_lets_the_work_clean_up(number: signal.Signals) -> None:
    cleaned_up = asyncio.Event()

    async def work(hurry: asyncio.Event) -> int:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned_up.set()
            assert not hurry.is_set()
        return 1

    assert await interruptible(work) == 0
    assert cleaned_up.is_set()


async def test_the_second_signal_asks_for_haste_and_breaks_nothing_off() -> None:
    finished = asyncio.Event()

    async def work(hurry: asyncio.Event) -> int:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await hurry.wait()
            await asyncio.sleep(0)
            finished.set()
        return 1

    assert await interruptible(work) == 0
    assert finished.is_set()


async def test_without_a_signal_the_exit_code_is_that_of_the_work() -> None:
    async def work(_: asyncio.Event) -> int:
        return 3

    assert await interruptible(work) == 3


async def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def work(_: asyncio.Event) -> int:
        return 0

    await interruptible(work)

    assert signal.getsignal(signal.SIGTERM) == before
