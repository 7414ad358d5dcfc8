# SPDX-License-Identifier: Apache-2.0
"""Refuses request bodies that are too large, before anything reads them."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem, problem_response


class BodyLimit:
    """ASGI middleware that answers 413 to a body of more than ``max_bytes``.

    A path in ``of_paths`` has a limit of its own.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, of_paths: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._of_paths = of_paths or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted, or refuse it at once."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._of_paths.get(scope["path"], self._max_bytes)
        if self._announced(scope) > max_bytes:
            await problem_response(_problem(max_bytes))(scope, receive, send)
            return
        received, refused = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise _problem(max_bytes)
            return message

        async def answer(message: Message) -> None:
            """Send 413 in place of what the application made of the interrupted body."""
            nonlocal refused
            if message["type"] == "http.response.start" and received > max_bytes:
                refused = True
                await problem_response(_problem(max_bytes))(scope, receive, send)
            elif not refused:
                await send(message)

        await self._app(scope, counted, answer)

    def _announced(self, scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                return int(value)
        return 0


def _problem(max_bytes: int) -> Problem:
    return Problem(413, "Content Too Large", f"a request may have at most {max_bytes} bytes")
