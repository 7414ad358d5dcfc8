# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
from pathlib import Path

import services
from services.orchestrator.tools.environment import program_environment

PEEK = """
import ctypes, os, subprocess, sys
from services.orchestrator.tools.environment import hide_own_environment
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
if sys.argv[1] == "hidden":
    hide_own_environment()
sys.exit(subprocess.run(["/bin/cat", f"/proc/{os.getpid()}/environ"], env={}).returncode)
"""


def peek(how: str) -> subprocess.CompletedProcess[str]:
    """Have a program of an ordinary user read the environment of its parent."""
    python_path = str(Path(services.__file__ or "").parents[1])
    return subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", PEEK, how],
        env={**os.environ, "SECRET": "password", "PYTHONPATH": python_path},  # noqa: TID251 -- for the child
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_program_gets_three_variables() -> None:
    assert program_environment(Path("/w")) == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/w",
        "LANG": "C.UTF-8",
    }


def test_a_program_cannot_read_the_environment_of_its_parent_once_it_is_hidden() -> None:
    seen = peek("open")
    hidden = peek("hidden")

    assert "password" in seen.stdout
    assert hidden.returncode != 0
    assert "password" not in hidden.stdout
