# SPDX-License-Identifier: Apache-2.0
"""A service that is ready at once, ends when asked, and misbehaves when told to.

``MISBEHAVIOUR`` is ``crash`` (ends at once, with an error) or ``ignore`` (does not end when asked).
"""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named by the base
        """Keep the log for what matters."""


def main() -> None:
    misbehaviour = os.getenv("MISBEHAVIOUR")
    if misbehaviour == "crash":
        sys.exit("RuntimeError: told to crash")
    address = os.getenv("HTTP_HOST", ""), int(os.getenv("HTTP_PORT", "0"))
    server = ThreadingHTTPServer(address, Ready)

    def end(*_: object) -> None:
        sys.stdout.write("asked to end\n")
        sys.stdout.flush()
        if misbehaviour != "ignore":
            threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    server.serve_forever()


if __name__ == "__main__":
    main()
