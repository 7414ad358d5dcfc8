# SPDX-License-Identifier: Apache-2.0
"""One set of servers for all processes of a test session."""

import fcntl
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from deploy.embedded.environment import service_environment
from deploy.embedded.lock import FileLock

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.02


class SharedServers(BaseModel):
    """Where the servers are; the URL of PostgreSQL is for its superuser."""

    model_config = ConfigDict(frozen=True)

    kafka_bootstrap_servers: str
    postgres_url: str
    redis_url: str
    directory: Path

    def write(self) -> None:
        """Let the other processes of the session know; all of it or nothing."""
        draft = _file(self.directory).with_suffix(".draft")
        draft.write_text(self.model_dump_json())
        draft.replace(_file(self.directory))

    @classmethod
    def read(cls, directory: Path) -> "SharedServers | None":
        """Return the running servers of the session, or None."""
        file = _file(directory)
        return cls.model_validate_json(file.read_bytes()) if file.exists() else None

    @staticmethod
    def forget(directory: Path) -> None:
        """Let the other processes know that there are none."""
        _file(directory).unlink(missing_ok=True)


@contextmanager
def shared_servers(directory: Path) -> Generator[SharedServers]:
    """Give the servers of the session, started by whoever comes first, ended after the last."""
    directory.mkdir(exist_ok=True)
    users = (directory / "users").open("ab+")
    try:
        yield _join(directory, users)
    finally:
        _leave(directory, users)


def _join(directory: Path, users: BinaryIO) -> SharedServers:
    with (directory / "join").open("ab") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for servers that are being stopped
        if _holder_is_gone(directory):
            SharedServers.forget(directory)
            _start_holder(directory)
        found = SharedServers.read(directory)
    if found is None:
        raise RuntimeError(f"the servers did not start: {_log(directory).read_text()}")
    return found


def _start_holder(directory: Path) -> None:
    with _log(directory).open("ab") as log:
        subprocess.run(  # noqa: S603 -- our own module
            (sys.executable, "-m", "tests.support.server_holder", str(directory)),
            cwd=REPOSITORY,
            env=service_environment({}),
            stdout=log,
            stderr=log,
            check=True,
        )
    _wait(lambda: SharedServers.read(directory) or _holder_is_gone(directory))


def _leave(directory: Path, users: BinaryIO) -> None:
    """Give up our share; when nobody else has one, wait for the end of the servers."""
    with users:
        fcntl.flock(users, fcntl.LOCK_UN)
        nobody = _try(users, fcntl.LOCK_EX)
        others = not nobody and _try(users, fcntl.LOCK_SH)  # or else the holder has it: it ends
    if not others:
        _wait(lambda: _holder_is_gone(directory))


def _try(users: BinaryIO, lock: int) -> bool:
    try:
        fcntl.flock(users, lock | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(users, fcntl.LOCK_UN)
    return True


def _holder_is_gone(directory: Path) -> bool:
    lock = FileLock(directory / "holder")
    gone = lock.acquire()
    lock.release()
    return gone


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)


def _file(directory: Path) -> Path:
    return directory / "servers.json"


def _log(directory: Path) -> Path:
    return directory / "holder.log"
