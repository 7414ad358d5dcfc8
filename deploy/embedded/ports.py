# SPDX-License-Identifier: Apache-2.0
"""Ports on loopback: which are free, and a clear word when one is not.

Free ports are taken below the range from which systems take ports for outgoing connections, so that
a server which is started again finds its port as it left it.
"""

import secrets
import socket
from contextlib import suppress

from deploy.embedded.errors import PortBusyError

HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 29_999


def free_port() -> int:
    """Return a port on which nobody listens."""
    for _ in range(1000):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        if is_free(port):
            return port
    message = f"no free port between {_FIRST} and {_LAST}: stop some programs that listen there"
    raise PortBusyError(message)


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on ``port`` now."""
    with socket.socket() as listener, suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        return True
    return False


def require_free(port: int, *, owner: str, advice: str) -> None:
    """Return if ``owner`` can listen on ``port``.

    Raises:
        PortBusyError: another program does; the message ends with ``advice``.
    """
    if not is_free(port):
        message = f"port {port} for {owner} is in use by another program: {advice}"
        raise PortBusyError(message)
