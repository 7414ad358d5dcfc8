# SPDX-License-Identifier: Apache-2.0
"""Becomes another program, which ends when the process that started it ends.

It runs as a script (``python -I -S launch.py ...``) with nothing but the standard library, so that
it is quick and needs no code between fork and exec. Arguments: the process id of the parent, the
signal to receive when the parent ends, the user and group to become (-1: stay), the command.

Linux delivers the signal even when the parent was killed with SIGKILL. It does so when the *thread*
that started us ends, so start children from a thread that lives as long as they should. Elsewhere
the program simply runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Change user, tie this process to its parent and become the command."""
    parent, death_signal, user, group = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    try:
        _become(user, group)
        # After the change of user, which would undo it.
        end_with(parent, death_signal)
        os.execvp(command[0], command)  # noqa: S606 -- the one purpose of this script
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


def _become(user: int, group: int) -> None:
    if user < 0:
        return
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def end_with(parent: int, death_signal: int) -> None:
    """Arrange that this process receives ``death_signal`` when ``parent`` ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked to be told
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
