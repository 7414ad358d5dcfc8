# SPDX-License-Identifier: Apache-2.0
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.embedded.ports import free_ports
from deploy.healthcheck import HOST, not_ready


class _Service(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named by its base
        """Say nothing."""


@contextmanager
def serving(status: int) -> Generator[int]:
    server = HTTPServer((HOST, 0), type("Service", (_Service,), {"status": status}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_service_that_is_ready_has_nothing_said_against_it() -> None:
    with serving(200) as port:
        assert not_ready(port) is None


@pytest.mark.parametrize("status", [503, 404, 500])
def test_what_an_unready_service_answers_is_passed_on(status: int) -> None:
    with serving(status) as port:
        assert not_ready(port) == "/readyz"


def test_a_service_that_is_not_there_is_not_ready() -> None:
    (port,) = free_ports(1)

    assert "refused" in str(not_ready(port))
