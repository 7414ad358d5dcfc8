# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from shared import rebuild
from shared.rebuild import Rebuild


class DeafRedis:
    """A client that takes its first cancellation for a timeout and tries again, as real ones do."""

    def __init__(self) -> None:
        self.calls = 0
        self.asked = asyncio.Event()

    async def exists(self, _: str) -> int:
        self.calls += 1
        if self.calls == 1:
            return 1
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.calls > 2:
                raise
        return 1


async def test_a_stop_ends_a_watch_whose_client_swallows_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Safeguard: the watch is cancelled again until it has ended."""
    monkeypatch.setattr(rebuild, "CANCEL_AGAIN_SECONDS", 0.01)
    redis = DeafRedis()

    async def fill(_: str) -> int:
        return 0

    store = Rebuild(redis, prefix="test:", fill=fill, sleep=lambda _: asyncio.sleep(0))
    await store.start()
    await redis.asked.wait()

    async with asyncio.timeout(30):
        await store.stop()

    assert redis.calls == 3
