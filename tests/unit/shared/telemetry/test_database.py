# SPDX-License-Identifier: Apache-2.0
from collections.abc import Generator
from contextlib import AbstractContextManager

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import Column, Engine, Integer, MetaData, StaticPool, Table, create_engine
from sqlalchemy.exc import IntegrityError

from shared.telemetry.database import REDIS, client_span, trace_sync_engine
from shared.telemetry.tracing import Tracing

TABLE = Table("entries", MetaData(), Column("id", Integer, primary_key=True))


@pytest.fixture
def engine() -> Generator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    TABLE.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_statement_is_a_span_of_the_trace_it_is_part_of(
    engine: Engine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    trace_sync_engine(engine, tracing)

    with tracing.span("process t") as process, engine.begin() as connection:
        connection.execute(TABLE.insert(), [{"id": 1}, {"id": 2}])
        connection.execute(TABLE.select())

    insert, select, _ = finished.get_finished_spans()
    assert (insert.name, insert.kind) == ("INSERT entries", SpanKind.CLIENT)
    assert insert.parent == select.parent == process.get_span_context()
    assert insert.attributes == {
        "db.system.name": "postgresql",
        "db.collection.name": "entries",
        "db.operation.name": "INSERT",
        "db.operation.batch.size": 2,
        "db.query.text": "INSERT INTO entries (id) VALUES (?)",
    }
    assert select.attributes is not None
    assert select.attributes["db.operation.name"] == "SELECT"


def test_a_statement_outside_any_trace_makes_no_span(
    engine: Engine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    trace_sync_engine(engine, tracing)

    with engine.begin() as connection:
        connection.execute(TABLE.select())

    assert finished.get_finished_spans() == ()


def test_a_statement_that_fails_is_a_failed_span(
    engine: Engine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    trace_sync_engine(engine, tracing)

    with tracing.span("process t"), engine.begin() as connection:
        connection.execute(TABLE.insert(), {"id": 1})
        with pytest.raises(IntegrityError):
            connection.execute(TABLE.insert(), {"id": 1})
        connection.execute(TABLE.select())

    first, second, third, _ = finished.get_finished_spans()
    assert [span.status.status_code for span in (first, second, third)] == [
        StatusCode.UNSET,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert second.attributes is not None
    assert second.attributes["error.type"] == "sqlite3.IntegrityError"


def test_values_are_not_recorded(
    engine: Engine, tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    trace_sync_engine(engine, tracing)

    with tracing.span("process t"), engine.begin() as connection:
        connection.execute(TABLE.insert(), {"id": 123_456})

    assert "123456" not in str(finished.get_finished_spans()[0].attributes)


def test_where_tracing_is_off_nothing_listens(engine: Engine) -> None:
    trace_sync_engine(engine, Tracing.off())

    assert not engine.dispatch.before_cursor_execute


def test_other_clients_have_spans_below_what_they_are_for(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    def script() -> AbstractContextManager[Span]:
        return client_span(tracing, system=REDIS, operation="EVALSHA", target="apply_event")

    with script():
        pass
    with tracing.span("process t"), script():
        pass

    redis, _ = finished.get_finished_spans()
    assert redis.name == "EVALSHA apply_event"
    assert redis.attributes is not None
    assert redis.attributes["db.system.name"] == "redis"
