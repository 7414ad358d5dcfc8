# SPDX-License-Identifier: Apache-2.0
"""What a program that is run for a model may see of our environment: nothing."""

import ctypes
import sys
from pathlib import Path

_PR_SET_DUMPABLE = 4

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"


def program_environment(home: Path) -> dict[str, str]:
    """Return all the variables that a program gets."""
    return {"PATH": SEARCH_PATH, "HOME": str(home), "LANG": "C.UTF-8"}


def hide_own_environment() -> None:
    """Close ``/proc/<our pid>`` to other processes of the same user, as far as the system can.

    Without this a program could read our variables, with the passwords among them, from the file
    ``environ`` of its parent. It does not hold against root: do not run the service as root where
    agents may run commands.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
