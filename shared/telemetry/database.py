# SPDX-License-Identifier: Apache-2.0
"""Spans of database statements, below the span of what they are for.

A poller that asks the database every few milliseconds makes no spans: a statement is recorded only
as part of a trace. The instrumentation library cannot tell them apart, hence these few listeners.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from opentelemetry.trace import Span, SpanKind, get_current_span
from opentelemetry.util.types import AttributeValue
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, ExecutionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase

from shared.telemetry import attributes as names
from shared.telemetry.tracing import Tracing, record_error

POSTGRESQL: Final = "postgresql"
REDIS: Final = "redis"
MAX_STATEMENT = 2048

_SPAN = "agent_runtime_span"


def trace_engine(engine: AsyncEngine, tracing: Tracing) -> None:
    """Record every statement of ``engine`` that is part of a trace; nothing if tracing is off."""
    trace_sync_engine(engine.sync_engine, tracing)


def trace_sync_engine(engine: Engine, tracing: Tracing) -> None:
    """Do the same for an engine without coroutines."""
    if tracing.enabled:
        _Listeners(engine.url, tracing).attach(engine)


def client_span(
    tracing: Tracing, *, system: str, operation: str, target: str
) -> AbstractContextManager[Span]:
    """Work in ``{operation} {target}``, if that is part of a trace.

    For what SQLAlchemy does not see: ``COPY`` through the driver, and Redis.
    """
    return tracing.child_span(
        f"{operation} {target}",
        attributes={
            names.DB_SYSTEM_NAME: system,
            names.DB_OPERATION_NAME: operation,
            names.DB_COLLECTION_NAME: target,
        },
    )


class _Listeners:
    def __init__(self, url: URL, tracing: Tracing) -> None:
        self._tracing = tracing
        self._attributes = _server(url)

    def attach(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)
        event.listen(engine, "handle_error", self._fail)

    def _begin(
        self,
        connection: Connection,
        cursor: object,
        statement: str,
        parameters: object,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> None:
        self._end(connection)  # what a cancelled statement left behind
        if not get_current_span().is_recording():
            return
        operation = _operation(statement)
        target = _table(context) or connection.engine.url.database or POSTGRESQL
        span = self._tracing.start(f"{operation} {target}", kind=SpanKind.CLIENT)
        span.set_attributes(
            {
                **self._attributes,
                names.DB_OPERATION_NAME: operation,
                names.DB_QUERY_TEXT: statement[:MAX_STATEMENT],
                **_details(context, parameters, executemany=executemany),
            }
        )
        connection.info[_SPAN] = span

    def _end(self, connection: Connection, *_: object) -> None:
        span = connection.info.pop(_SPAN, None)
        if isinstance(span, Span):
            span.end()

    def _fail(self, failure: ExceptionContext) -> None:
        if failure.connection is None:
            return
        span = failure.connection.info.pop(_SPAN, None)
        if not isinstance(span, Span):
            return
        code = getattr(failure.original_exception, "sqlstate", None)
        if isinstance(code, str):
            span.set_attribute(names.DB_RESPONSE_STATUS_CODE, code)
        record_error(span, failure.original_exception)
        span.end()


def _server(url: URL) -> Mapping[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {names.DB_SYSTEM_NAME: POSTGRESQL}
    if url.database:
        attributes[names.DB_NAMESPACE] = url.database
    if url.host:
        attributes[names.SERVER_ADDRESS] = url.host
    if url.port:
        attributes[names.SERVER_PORT] = url.port
    return attributes


def _details(
    context: ExecutionContext | None, parameters: Any, *, executemany: bool
) -> dict[str, AttributeValue]:
    details: dict[str, AttributeValue] = {}
    if (table := _table(context)) is not None:
        details[names.DB_COLLECTION_NAME] = table
    if executemany:
        details[names.DB_OPERATION_BATCH_SIZE] = len(parameters)
    return details


def _table(context: ExecutionContext | None) -> str | None:
    statement = getattr(context, "invoked_statement", None)
    if isinstance(statement, UpdateBase):
        return str(getattr(statement.table, "fullname", statement.table))
    return None


def _operation(statement: str) -> str:
    words = statement.split(None, 1)
    return words[0].upper()[:32] if words else "QUERY"
