# SPDX-License-Identifier: Apache-2.0
"""A process that has imported what every service needs, and forks any of them in a moment.

Importing takes most of the time that a service needs to start. Here it is done once for all of
them. It is started as ``python -m deploy.embedded.nursery DESCRIPTOR MODULE...``. The descriptor is
one end of a ``SOCK_SEQPACKET`` pair over which births are ordered and told, one message each. When
the other end is closed it ends, and its children get their death signal.

Each child runs its module as ``python -m`` would, in its own session, with its own environment.
"""

import contextlib
import importlib
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from deploy.embedded.births import MESSAGE_BYTES, Birth, Born, Ended
from deploy.embedded.launch import end_with


class Nursery:
    """Bears children as ordered, and tells when they have ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)

    def run(self) -> Birth | None:
        """Serve until nobody listens any more; in a child, return what it is to become."""
        signal.signal(signal.SIGCHLD, _only_wake_up)
        signal.set_wakeup_fd(self._waker)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    self._tell_who_ended()
                if self._control in ready:
                    message = self._control.recv(MESSAGE_BYTES)
                    if not message:
                        return None
                    birth = Birth.model_validate_json(message)
                    if self._bear(birth):
                        return birth

    def leave(self) -> None:
        """Let go, in a child, of what belongs to the nursery."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        os.close(self._woken)
        os.close(self._waker)

    def _bear(self, birth: Birth) -> bool:
        """Fork; tell whether we are the child."""
        pid = os.fork()
        if pid:
            self._tell(Born(name=birth.name, pid=pid))
        return not pid

    def _tell_who_ended(self) -> None:
        os.read(self._woken, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, status = ended
                self._tell(Ended(pid=pid, code=os.waitstatus_to_exitcode(status)))

    def _tell(self, message: Born | Ended) -> None:
        self._control.send(message.model_dump_json().encode())


def main() -> None:
    """Import, serve, and in a child become what was ordered."""
    control, parent = socket.socket(fileno=int(sys.argv[1])), os.getpid()
    for module in sys.argv[2:]:
        importlib.import_module(module)
    nursery = Nursery(control)
    if birth := nursery.run():
        nursery.leave()
        become(birth, parent=parent)


def _only_wake_up(number: int, frame: FrameType | None) -> None:
    """Handle a signal whose number is written to the wake-up descriptor."""


def become(birth: Birth, *, parent: int) -> None:
    """Turn this process, a child of ``parent``, into what ``birth`` says, until that ends."""
    os.setsid()
    end_with(parent, birth.death_signal)
    _redirect(birth.log_path)
    Path("/proc/self/comm").write_text(birth.name)  # what ps and top call it
    os.environ.clear()  # noqa: TID251 -- it is replaced, not read
    os.environ.update(birth.environment)  # noqa: TID251 -- as above
    os.chdir(birth.directory)
    sys.argv = [birth.module]
    runpy.run_module(birth.module, run_name="__main__", alter_sys=True)


def _redirect(log_path: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


if __name__ == "__main__":
    main()
