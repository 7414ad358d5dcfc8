# SPDX-License-Identifier: Apache-2.0
"""Makes the directory of an earlier demonstration new, and touches no other directory."""

import shutil
from pathlib import Path

from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.state_directory import StateDirectory

MARKER = ".demo"
LEFT_BEHIND = ("servers", "workspaces")
TRACES = "traces.jsonl"


def make_new(path: Path) -> None:
    """Remove what an earlier demonstration left in ``path``.

    Raises:
        StateDirectoryError: something else is in the directory, or a stack runs there.
    """
    if path.exists() and any(path.iterdir()) and not (path / MARKER).exists():
        message = (
            f"{path} has something in it that is not of an earlier demo; choose another --state-dir"
        )
        raise StateDirectoryError(message)
    state = StateDirectory(path)
    state.claim()
    try:
        (path / MARKER).touch()
        for name in LEFT_BEHIND:
            if (path / name).exists():
                shutil.rmtree(path / name)
        (path / TRACES).unlink(missing_ok=True)
    finally:
        state.release()
