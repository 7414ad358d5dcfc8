# SPDX-License-Identifier: Apache-2.0
"""Runs one program within limits and leaves nothing of it behind: the process in between.

It is a program of its own, of the standard library alone, since what it does to itself (resource
limits, adopting orphans) cannot be done to the service. Whatever the program starts is a descendant
of this process, in whatever group and session and with whatever variables: an orphan comes to the
nearest ancestor that adopts orphans, and that is this one. So it counts them and ends them all.

Arguments: the limits as JSON, the descriptor for the output, and the words of the program. When its
own input is closed, by a service that stops the program or that is no longer there, it ends
everything. What came of the program is one JSON object on its output.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PROCESSES = Path("/proc")
_LOOK_EVERY = 0.1
_SHARE = 20
"""Looking takes no more than one part in so many of the time."""
_ENDING = 5.0
"""How long to try to end what cannot be ended, such as a program that became another user."""
_PAUSE = 0.002


class Limits(TypedDict):
    """What the program and all that it starts may take."""

    memory: int
    cpu_seconds: int
    processes: int


class Outcome(TypedDict, total=False):
    """How it ended: by itself with a status, at a limit, or not even begun."""

    status: int
    limit: str
    errno: int


def main(limits: Limits, output: int, words: list[str]) -> Outcome:
    """Run the program until it ends, comes to a limit or is to be stopped."""
    _adopt_orphans()
    signals = _child_signals()
    os.set_inheritable(output, False)
    try:
        program = _start(limits, output, words)
    except OSError as error:
        return Outcome(errno=error.errno or 0)
    os.close(output)
    try:
        return _watch(program, limits, signals)
    finally:
        _end_all(program)


def _adopt_orphans() -> None:
    _set(_PR_SET_CHILD_SUBREAPER, 1)


def _set(option: int, value: int) -> None:
    """Set something of this process that only Linux has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _child_signals() -> int:
    """Return a descriptor that can be read when a child has ended."""
    heard, said = os.pipe()
    os.set_blocking(said, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(said)
    return heard


def _start(limits: Limits, output: int, words: list[str]) -> int:
    heard, said = os.pipe()
    program = os.fork()
    if program == 0:
        _become(limits, output, words, said)
    os.close(said)
    with os.fdopen(heard, "rb") as reader:
        failed = reader.read()
    if failed:
        os.waitpid(program, 0)
        raise OSError(int(failed), os.strerror(int(failed)))
    return program


def _become(limits: Limits, output: int, words: list[str], said: int) -> None:
    """Become the program; ``said`` is told why that cannot be."""
    try:
        os.setsid()
        _set(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_CPU, limits["cpu_seconds"], grace=1)
        _limit(resource.RLIMIT_DATA, limits["memory"])
        os.execvp(words[0], words)  # noqa: S606 -- what it is for, and without a shell
    except OSError as error:
        os.write(said, str(error.errno).encode())
    finally:
        os._exit(127)


def _limit(what: int, value: int, *, grace: int = 0) -> None:
    """Set a limit; one that is tighter already stays."""
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY:
        hard = value + grace
    resource.setrlimit(what, (min(value, hard), min(value + grace, hard)))


def _watch(program: int, limits: Limits, signals: int) -> Outcome:
    look_at = time.monotonic()
    while True:
        status = _reaped(program)
        if status == -signal.SIGXCPU:
            return Outcome(limit="cpu_time")
        if status is not None:
            return Outcome(status=status)
        began = time.monotonic()
        if began >= look_at:
            exceeded = _exceeded(limits)
            if exceeded:
                return Outcome(limit=exceeded)
            taken = time.monotonic() - began
            look_at = began + max(_LOOK_EVERY, _SHARE * taken)
        ready, _, _ = select.select([0, signals], [], [], max(0.0, look_at - time.monotonic()))
        if 0 in ready:
            return Outcome()
        if signals in ready:
            os.read(signals, 4096)


def _reaped(program: int) -> int | None:
    """Let go of children that have ended; return the status of the program if it is among them."""
    found: int | None = None
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == program:
                found = os.waitstatus_to_exitcode(status)
    return found


def _exceeded(limits: Limits) -> str | None:
    """Return the limit that the processes have come to together."""
    processes = _descendants()
    if len(processes) > limits["processes"]:
        return "processes"
    return "memory" if sum(map(_resident, processes)) > limits["memory"] else None


def _descendants() -> list[int]:
    """Return the processes that come from this one; none where the system does not tell."""
    children: dict[int, list[int]] = {}
    with suppress(OSError):
        for each in _PROCESSES.iterdir():
            if each.name.isdecimal():
                children.setdefault(_parent(each), []).append(int(each.name))
    found = children.get(os.getpid(), [])
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _resident(pid: int) -> int:
    try:
        pages = int((_PROCESSES / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _end_all(program: int) -> None:
    """Kill until nobody is left: who was started meanwhile, or became an orphan, is next."""
    until = time.monotonic() + _ENDING
    if sys.platform != "linux":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program, signal.SIGKILL)
    while time.monotonic() < until:
        for pid in _descendants():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not _children_left():
            return
        time.sleep(_PAUSE)


def _children_left() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            """One less."""
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    outcome = main(json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    os.write(1, json.dumps(outcome).encode())
