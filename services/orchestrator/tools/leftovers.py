# SPDX-License-Identifier: Apache-2.0
"""Ends what a program left running that has done away with its launcher.

The launcher ends all descendants, but a program may kill it, since both are of the same user. Each
program gets a variable with a mark of its own, which its descendants inherit, and whoever has the
mark in the end is killed. One that does both, kill the launcher and clear its environment, is not
found; only a container or a user of its own would hold that.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "AGENT_RUNTIME_PROGRAM"
"""The variable that a program and all that it starts have."""

_PROCESSES = Path("/proc")
_ROUNDS = 10
"""How often to look again, for what was started while we looked."""


def end_leftovers(mark: str) -> None:
    """Kill every process that has ``mark``; it blocks while it looks at all processes.

    Where processes do not show their variables (elsewhere than on Linux), nothing is found.
    """
    if sys.platform != "linux":
        return
    wanted = f"{MARK}={mark}".encode()
    for _ in range(_ROUNDS):
        if not sum(_ended(pid, wanted) for pid in _pids()):
            return


def _pids() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(each.name) for each in _PROCESSES.iterdir() if each.name.isdecimal())


def _ended(pid: int, wanted: bytes) -> bool:
    """Kill a process if it has the mark; its handle keeps the number from becoming another's."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if wanted not in (_PROCESSES / str(pid) / "environ").read_bytes().split(b"\0"):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
