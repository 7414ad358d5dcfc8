# SPDX-License-Identifier: Apache-2.0
"""A store in Redis is filled when it has to be, by one process at a time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import SecretStr

from shared.cache import Cache, create_redis
from shared.errors import DependencyDownError, TransientError
from shared.rebuild import Fill, NotBuiltError, Rebuild
from shared.settings import RedisSettings
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

PREFIX = "test:store:"
GENERATION = f"{PREFIX}generation"
REBUILDING = f"{PREFIX}rebuilding"


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Any]:
    cache = Cache(RedisSettings(url=SecretStr(redis_url)))
    yield cache.redis
    await cache.stop()


class Filling:
    """Fills the store with one key; counts how often."""

    def __init__(self, redis: Any) -> None:
        self.times = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.began = asyncio.Event()
        self._redis = redis

    async def __call__(self, token: str) -> int:
        self.times += 1
        self.began.set()
        await self.may_go_on.wait()
        await self._redis.set(f"{PREFIX}content", token)
        return 7


def rebuild(redis: Any, fill: Fill) -> Rebuild:
    return Rebuild(redis, prefix=PREFIX, fill=fill, sleep=lambda _: asyncio.sleep(0.01))


async def is_complete(store: Rebuild) -> bool:
    return (await store.readiness()).ready


async def test_an_empty_store_is_filled_once(redis: Any) -> None:
    fill = Filling(redis)
    store = rebuild(redis, fill)
    assert not await is_complete(store)

    await store.ensure()
    await store.ensure()
    await rebuild(redis, fill).ensure()

    assert fill.times == 1
    assert await is_complete(store)
    assert not await redis.exists(REBUILDING)


async def test_of_two_processes_one_fills_and_the_other_waits(redis: Any) -> None:
    fill = Filling(redis)
    fill.may_go_on.clear()
    one, other = rebuild(redis, fill), rebuild(redis, fill)

    starts = [asyncio.create_task(each.start()) for each in (one, other)]
    await fill.began.wait()
    with pytest.raises(NotBuiltError):
        await rebuild(redis, fill).ensure()
    fill.may_go_on.set()
    await asyncio.gather(*starts)

    assert fill.times == 1
    await one.stop()
    await other.stop()


async def test_a_filling_that_fails_leaves_the_store_to_the_next(redis: Any) -> None:
    async def fails(_: str) -> int:
        raise TransientError("no broker")

    with pytest.raises(TransientError, match="no broker"):
        await rebuild(redis, fails).ensure()

    assert not await redis.exists(GENERATION, REBUILDING)
    fill = Filling(redis)
    await rebuild(redis, fill).ensure()
    assert fill.times == 1


async def test_a_store_that_is_wiped_while_it_is_filled_is_not_complete(redis: Any) -> None:
    async def wiped(_: str) -> int:
        await redis.flushdb()
        return 1

    store = rebuild(redis, wiped)

    with pytest.raises(NotBuiltError, match="wiped while"):
        await store.ensure()
    assert not await is_complete(store)


async def test_whoever_took_too_long_does_not_complete_the_store_of_another(redis: Any) -> None:
    async def slow(_: str) -> int:
        await redis.set(REBUILDING, "another")
        return 1

    with pytest.raises(NotBuiltError):
        await rebuild(redis, slow).ensure()

    assert await redis.get(REBUILDING) == b"another"
    assert not await redis.exists(GENERATION)


async def test_filling_again_begins_with_nothing_and_touches_nothing_else(redis: Any) -> None:
    fill = Filling(redis)
    store = rebuild(redis, fill)
    await store.ensure()
    first = await redis.get(GENERATION)
    await redis.mset({f"{PREFIX}{n}": n for n in range(3000)})
    await redis.set("test:other", "kept")

    assert await store.again() == 7

    assert set(await redis.keys()) == {
        f"{PREFIX}content".encode(),
        GENERATION.encode(),
        b"test:other",
    }
    assert await redis.get(GENERATION) != first


async def test_nobody_may_write_to_a_store_that_is_being_filled_again(redis: Any) -> None:
    fill = Filling(redis)
    store = rebuild(redis, fill)
    await store.ensure()
    fill.began.clear()
    fill.may_go_on.clear()

    again = asyncio.create_task(store.again())
    await fill.began.wait()

    assert not await redis.exists(GENERATION)
    fill.may_go_on.set()
    await again


async def test_work_that_finds_the_store_wiped_is_done_after_it_was_filled(redis: Any) -> None:
    """P13: a wiped Redis. Safeguard: work that finds no generation has the store filled first."""
    fill = Filling(redis)
    store = rebuild(redis, fill)
    done: list[bytes] = []

    async def work() -> None:
        await store.check()
        done.append(await redis.get(f"{PREFIX}content"))

    await store.run(work)

    assert fill.times == len(done) == 1


async def test_a_wiped_store_is_filled_although_nothing_happens(redis: Any) -> None:
    fill = Filling(redis)
    store = rebuild(redis, fill)
    await store.start()

    await redis.flushdb()
    await eventually(lambda: fill.times == 2)
    await eventually(lambda: is_complete(store))

    await store.stop()


async def test_a_server_that_is_down_is_no_reason_to_fill_the_store() -> None:
    redis = create_redis(RedisSettings(url=SecretStr("redis://127.0.0.1:1/0")))
    fill = Filling(redis)

    with pytest.raises(DependencyDownError) as raised:
        await rebuild(redis, fill).ensure()

    assert not isinstance(raised.value, NotBuiltError)
    assert fill.times == 0
