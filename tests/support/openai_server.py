# SPDX-License-Identifier: Apache-2.0
"""A model provider of one's own: an HTTP server that speaks OpenAI's chat completions.

It answers by a script, counts what it was asked, and can fail in the ways that providers fail. It
runs in a thread, so it serves this process as well as others.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Request = Mapping[str, Any]
"""The body of a request, as JSON has it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer of the model: text, or tools to call, as (name, arguments)."""

    text: str | None = None
    tools: tuple[tuple[str, object], ...] = ()
    input_tokens: int = 100
    output_tokens: int = 10
    cached_tokens: int = 40


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error of the provider; ``{authorization}`` in the message becomes the header sent."""

    status: int
    message: str = "something is wrong"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Raw:
    """A body with status 200, as it stands."""

    body: bytes


@dataclass(frozen=True)
class Hang:
    """No answer until the other side goes away, or the beginning of one that is streamed."""

    text: str = ""


Reply = Answer | Failure | Raw | Hang


class OpenAIServer:
    """Serves while it is entered; ``script`` says what is answered, in order."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        """All that was asked, in the order it came."""
        self.bodies: list[bytes] = []
        """The same, byte by byte."""
        self.abandoned = threading.Semaphore(0)
        """Released each time a client left an answer that hung."""
        self.respond: Callable[[Request], Reply] = self._next
        """Replace it to answer by what is asked."""
        self.connections: set[socket.socket] = set()
        self._replies: list[Reply] = []
        self._lock = threading.Lock()
        self._server = _HttpServer(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def base_url(self) -> str:
        """The address that ``OPENAI_BASE_URL`` takes."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with these; after them, with an empty answer."""
        self._replies.extend(replies)

    def forget_script(self) -> None:
        """Leave unanswered what was scripted and nobody has asked for."""
        with self._lock:
            self._replies.clear()

    def asked(self, request: Request) -> Reply:
        """Note a request and return what to answer."""
        with self._lock:
            self.requests.append(request)
        return self.respond(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def _next(self, _request: Request) -> Reply:
        with self._lock:
            return self._replies.pop(0) if self._replies else Answer(text="")


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, owner: OpenAIServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def owner(self) -> OpenAIServer:
        server = self.server
        assert isinstance(server, _HttpServer)
        return server.owner

    def setup(self) -> None:
        super().setup()
        self.owner.connections.add(self.connection)

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def finish(self) -> None:
        self.owner.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is theirs
        """Print nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request: Request = json.loads(body)
        self.owner.bodies.append(body)
        reply = self.owner.asked(request)
        match reply:
            case _ if self.path != "/v1/chat/completions":
                self._send(404, b"{}")
            case Answer() if request.get("stream"):
                self._stream(request, reply)
            case Answer():
                self._send(200, json.dumps(_completion(request, reply)).encode())
            case Failure():
                self._fail(reply)
            case Raw(body):
                self._send(200, body)
            case Hang(text):
                self._hang(request, text)

    def _fail(self, failure: Failure) -> None:
        said = failure.message.format(authorization=self.headers["authorization"])
        error = {"error": {"message": said, "code": failure.code, "type": None}}
        self._send(failure.status, json.dumps(error).encode(), failure.headers)

    def _hang(self, request: Request, text: str) -> None:
        self.close_connection = True
        if text and request.get("stream"):
            self._begin_stream()
            head = _head(request, "chat.completion.chunk")
            self._write([_chunk(head, delta, finish=None) for delta in _deltas(text)])
        with suppress(OSError):
            self.connection.recv(1)
        self.owner.abandoned.release()

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, request: Request, answer: Answer) -> None:
        self._begin_stream()
        self._write(_chunks(request, answer))
        self.wfile.write(b"data: [DONE]\n\n")

    def _begin_stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()

    def _write(self, chunks: list[dict[str, object]]) -> None:
        for chunk in chunks:
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def _completion(request: Request, answer: Answer) -> dict[str, object]:
    message = {"role": "assistant", "content": answer.text, "tool_calls": _tool_calls(answer)}
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    return {**_head(request, "chat.completion"), "choices": [choice], "usage": _usage(answer)}


def _chunks(request: Request, answer: Answer) -> list[dict[str, object]]:
    head = _head(request, "chat.completion.chunk")
    deltas = _deltas(answer.text or "")
    for at, call in enumerate(_tool_calls(answer) or []):
        deltas.append({"tool_calls": [{"index": at, **call}]})
    chunks = [_chunk(head, delta, finish=None) for delta in deltas]
    usage: dict[str, object] = {**head, "choices": [], "usage": _usage(answer)}
    return [*chunks, _chunk(head, {}, finish=_finish(answer)), usage]


def _deltas(text: str) -> list[dict[str, object]]:
    words = text.split(" ") if text else []
    return [{"content": word if at == 0 else f" {word}"} for at, word in enumerate(words)]


def _chunk(head: Request, delta: Request, *, finish: str | None) -> dict[str, object]:
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _head(request: Request, kind: str) -> dict[str, object]:
    return {"id": "answer-1", "object": kind, "created": 1_700_000_000, "model": request["model"]}


def _tool_calls(answer: Answer) -> list[dict[str, object]] | None:
    return [
        {
            "id": f"call-{number}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": given if isinstance(given, str) else json.dumps(given),
            },
        }
        for number, (name, given) in enumerate(answer.tools, start=1)
    ] or None


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.tools else "stop"


def _usage(answer: Answer) -> dict[str, object]:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
    }
