# SPDX-License-Identifier: Apache-2.0
import pytest

from deploy.embedded.sql import connected
from shared.cache import Cache
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings, RedisSettings
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_database(turn: int, database_url: str) -> None:
    async with connected(database_url) as connection:
        await connection.execute("CREATE TABLE mine (turn int)")
        await connection.execute("INSERT INTO mine VALUES ($1)", turn)

        assert [row["turn"] for row in await connection.fetch("SELECT turn FROM mine")] == [turn]


@pytest.mark.parametrize("role", ["orchestrator", "persistence", "audit", "dead_letters"])
async def test_a_role_logs_in_and_sees_its_own_schema_only(
    role: str, migrated_database: MigratedDatabase
) -> None:
    query = "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')"

    async with connected(migrated_database.url(role)) as connection:
        schemas = {row["nspname"] for row in await connection.fetch(query)}

    assert schemas & {"orchestrator", "persistence", "audit", "dead_letters"} == {role}


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_topics_of_its_own(turn: int, kafka_settings: KafkaSettings) -> None:
    created = await ensure_topics(kafka_settings)

    assert created
    assert all(name.startswith(kafka_settings.topic_prefix) for name in created)
    assert await ensure_topics(kafka_settings) == []


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_redis(
    turn: int, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    cache = Cache(RedisSettings())
    try:
        assert await cache.redis.dbsize() == 0
        await cache.redis.set("turn", turn)
    finally:
        await cache.stop()
