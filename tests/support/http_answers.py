# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server that answers what it was told, and keeps what it was asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered; a body that is no text is sent as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict[str, Any])


class HttpAnswers:
    """Answers requests by method and path; use it as a context manager.

    Answers to one path are given in order, the last of them for ever.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def on(self, request: str, *bodies: Any, status: int = 200) -> None:
        """Answer ``request``, such as ``GET /v1/counts``, with these bodies."""
        method, path = request.split(" ")
        answers = self._answers.setdefault((method, path), [])
        answers.extend(Answer(status=status, body=body) for body in bodies)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answers = self._answers.get((asked.method, asked.path))
        if not answers:
            return Answer(status=404, body={"title": "Not Found"})
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._respond()

            def do_POST(self) -> None:
                self._respond()

            def _respond(self) -> None:
                size = int(self.headers.get("content-length", 0))
                content = self.rfile.read(size)
                parts = urlsplit(self.path)
                answer = server._answer(
                    Asked(
                        method=self.command,
                        path=parts.path,
                        query=parse_qs(parts.query),
                        headers={name.lower(): value for name, value in self.headers.items()},
                        body=json.loads(content) if content else None,
                    )
                )
                text = isinstance(answer.body, str)
                body = answer.body if text else json.dumps(answer.body)
                self.send_response(answer.status)
                self.send_header("content-type", "text/plain" if text else "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        return Handler
