# SPDX-License-Identifier: Apache-2.0
"""Answers HEAD wherever GET is answered, as probes and load balancers like to ask."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware that gives HEAD the status and the headers of GET, and no body.

    An answer that would go on for ever ends with its headers: the server then tells the application
    that nobody listens any more, as it does when a client goes away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)
        answered = False

        async def head_only(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            await send(message)
            if message["type"] == "http.response.start":
                answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        return await self._app({**scope, "method": "GET"}, receive, head_only)
