# SPDX-License-Identifier: Apache-2.0
"""Makes the data directory of PostgreSQL, all of it or nothing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.environment import server_environment
from deploy.embedded.errors import StartupError
from deploy.embedded.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Initdb:
    """How to make a data directory: with which programs, for whom, with which superuser."""

    programs: Path
    identity: Identity | None
    superuser: str
    password: str
    durable: bool
    log_path: Path

    async def make(self, data: Path) -> None:
        """Make ``data``; when we are interrupted it does not exist.

        Raises:
            StartupError: initdb failed; the message says what it said.
        """
        draft = data.with_name(f"{data.name}.new")
        self._clear(draft)
        directory = DataDirectory(draft, self.identity)
        try:
            await self._run(directory)
        finally:
            directory.close()
        draft.rename(data)

    def _clear(self, draft: Path) -> None:
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        if self.identity:
            self.identity.take(draft)

    async def _run(self, directory: DataDirectory) -> None:
        password = self._password_pipe()
        try:
            child = Child(self._spec(directory, password))
            await child.start()
        finally:
            os.close(password)
        try:
            code = await child.wait()
        finally:
            await child.stop()
        if code:
            message = f"initdb failed: {child.last_words()} (see {self.log_path})"
            raise StartupError(message)

    def _spec(self, directory: DataDirectory, password: int) -> ChildSpec:
        options = (
            f"--pgdata={directory.name}",
            f"--username={self.superuser}",
            f"--pwfile=/dev/fd/{password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(() if self.durable else ("--no-sync",)),
        )
        return ChildSpec(
            name="initdb",
            command=(str(self.programs / "initdb"), *options),
            environment=server_environment(),
            log_path=self.log_path,
            directory=Path("/"),
            identity=self.identity,
            inherited=(password, *directory.inherited),
        )

    def _password_pipe(self) -> int:
        """Return a pipe with the password in it: it never is in a file others can read."""
        reading, writing = os.pipe()
        if self.identity:
            os.fchown(reading, *self.identity.ids)
        os.write(writing, f"{self.password}\n".encode())
        os.close(writing)
        return reading
