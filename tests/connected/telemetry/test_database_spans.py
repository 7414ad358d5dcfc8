# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncGenerator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import SecretStr
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import create_engine
from shared.settings import DatabaseSettings
from shared.telemetry.database import trace_engine
from shared.telemetry.tracing import Tracing

pytestmark = pytest.mark.connected

TABLE = Table("entries", MetaData(), Column("id", Integer, primary_key=True))


@pytest.fixture
def finished() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(finished: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(finished))
    return Tracing.to(provider)


@pytest.fixture
async def engine(database_url: str, tracing: Tracing) -> AsyncGenerator[AsyncEngine]:
    engine = create_engine(DatabaseSettings(url=SecretStr(database_url), pool_size=2))
    async with engine.begin() as connection:
        await connection.run_sync(TABLE.metadata.create_all)
    trace_engine(engine, tracing)
    yield engine
    await engine.dispose()


async def test_statements_of_postgresql_are_below_what_they_are_for(
    engine: AsyncEngine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    async with engine.begin() as connection:
        await connection.execute(TABLE.select())
    with tracing.span("process t") as process:
        async with engine.begin() as connection:
            await connection.execute(TABLE.insert(), [{"id": 1}, {"id": 2}])
            await connection.execute(TABLE.select())

    insert, select, _ = finished.get_finished_spans()
    assert insert.name == "INSERT entries"
    assert insert.parent == select.parent == process.get_span_context()
    assert insert.attributes is not None
    assert insert.attributes["db.namespace"] == engine.url.database
    assert insert.attributes["db.collection.name"] == "entries"


async def test_the_code_of_an_error_is_on_the_span(
    engine: AsyncEngine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("process t"):
        async with engine.begin() as connection:
            await connection.execute(TABLE.insert(), [{"id": 1}])
            with pytest.raises(IntegrityError):
                await connection.execute(TABLE.insert(), [{"id": 1}])

    failed = finished.get_finished_spans()[1]
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes is not None
    assert failed.attributes["db.response.status_code"] == "23505"


async def test_a_cancelled_statement_does_not_leave_its_span_to_the_next(
    engine: AsyncEngine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("process t"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), engine.begin() as connection:
                await connection.execute(text("SELECT pg_sleep(30)"))
        async with engine.begin() as connection:
            await connection.execute(TABLE.select())

    names = [span.name.partition(" ")[0] for span in finished.get_finished_spans()]
    assert names[-2:] == ["SELECT", "process"]
    assert (
        len({span.context.trace_id for span in finished.get_finished_spans() if span.context}) == 1
    )
