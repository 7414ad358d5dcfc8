# SPDX-License-Identifier: Apache-2.0
"""What becomes of requests that are still under way when the service has to stop."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import RETRY_AFTER_SECONDS, Problem, problem_response


class AnswerWhenStopped:
    """Answers 503 to a request that is cut off by the stop of the service.

    The server cancels what has not ended in time, above all a client that waits for a turn. Without
    this the client would be told of an internal error, although another replica can answer it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except asyncio.CancelledError:
            if started:
                raise
            await problem_response(_stopping())(scope, receive, send)
        return None


def _stopping() -> Problem:
    return Problem(
        503,
        "Service Unavailable",
        "this replica is being stopped; try again",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
