# SPDX-License-Identifier: Apache-2.0
"""Ports on loopback: which are free, and a clear word when one is not.

Free ports are taken below the range from which systems take ports for outgoing connections, so that
a server which is started again finds its port as it left it. A port that was given is not given
again while others are left, although nobody listens there yet, or for the moment; and processes
that choose at the same time begin in different places.
"""

import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from deploy.embedded.errors import PortBusyError

HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 29_999
_PLACES = 50


def free_port() -> int:
    """Return a port on which nobody listens, and that this process has not been given before."""
    candidates = _in_turn(os.getpid())
    for _ in range(_LAST - _FIRST + 1):
        port = next(candidates)
        if is_free(port):
            return port
    message = f"no free port between {_FIRST} and {_LAST}: stop some programs that listen there"
    raise PortBusyError(message)


@cache
def _in_turn(process: int) -> Iterator[int]:
    """Go round all ports for ever, from a place of the process; a fork has its own place."""
    count = _LAST - _FIRST + 1
    start = (process % _PLACES) * (count // _PLACES) + secrets.randbelow(count // _PLACES // 2)
    return (_FIRST + (start + step) % count for step in itertools.count())


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports."""
    return [free_port() for _ in range(count)]


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
