# SPDX-License-Identifier: Apache-2.0
"""Gives every request its correlation id: the client's, or a new one."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.correlation import EventCorrelation, is_correlation_id
from shared.http.problems import as_problem, problem_response
from shared.telemetry.tracing import note_correlation

HEADER = "X-Correlation-ID"


class CorrelationMiddleware:
    """ASGI middleware that works each request under its correlation id and echoes it.

    An id from outside that is too long or not printable is replaced, since it will be written to
    headers and logs. An error that nobody else answers is answered and logged here, while its
    correlation is known.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its correlation id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        with EventCorrelation.scope(given if is_correlation_id(given) else None) as current:
            note_correlation(current)

            begun = False

            async def echo(message: Message) -> None:
                nonlocal begun
                if message["type"] == "http.response.start":
                    begun = True
                    MutableHeaders(scope=message)[HEADER] = current
                await send(message)

            try:
                await self._app(scope, receive, echo)
            except Exception as error:
                if begun:
                    raise
                await problem_response(as_problem(error))(scope, receive, echo)
