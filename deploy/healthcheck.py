# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.healthcheck PORT``: leave with 0 if the service on this port is ready.

It is what a container asks itself, often, so it imports next to nothing.
"""

import sys
from http.client import HTTPConnection, HTTPException

HOST = "127.0.0.1"
PATIENCE_SECONDS = 4


def main() -> None:
    """Exit with 1 and what the service said, or why nobody was there to say anything."""
    if reason := not_ready(int(sys.argv[1])):
        sys.exit(reason)


def not_ready(port: int) -> str | None:
    """Return why the service on ``port`` is not ready, or None if it is."""
    connection = HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        said = response.read(2000).decode(errors="replace")
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None if response.status == 200 else said


if __name__ == "__main__":
    main()
