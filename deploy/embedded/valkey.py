# SPDX-License-Identifier: Apache-2.0
"""The embedded cache: Valkey, which speaks the protocol of Redis."""

import asyncio
from pathlib import Path
from signal import Signals

from deploy.embedded.child import ChildSpec
from deploy.embedded.environment import server_environment
from deploy.embedded.errors import StartupError
from deploy.embedded.passwords import kept_password
from deploy.embedded.ports import HOST
from deploy.embedded.server import EmbeddedServer
from deploy.embedded.wheels import valkey_program

_CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {directory}
databases {databases}
appendonly {appendonly}
appendfsync everysec
save ""
"""


class EmbeddedValkey(EmbeddedServer):
    """A Redis-compatible server; with ``durable``, its data survives a restart."""

    name = "Valkey"

    def __init__(
        self,
        directory: Path,
        *,
        log_path: Path,
        port: int | None = None,
        durable: bool = True,
        databases: int = 16,
    ) -> None:
        super().__init__(directory, log_path=log_path, port=port)
        self._durable = durable
        self._databases = databases
        self._password = ""

    @property
    def url(self) -> str:
        """The address with the password, of database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """Return the address with the password, of one of the databases."""
        return f"redis://:{self._password}@{HOST}:{self.port}/{database}"

    async def prepare(self) -> None:
        """Make the password, the first time."""
        self._program = valkey_program()
        self._password = await asyncio.to_thread(kept_password, self.directory / "password")

    def spec(self, lock: int) -> ChildSpec:
        """Write the configuration, so that no password is on the command line."""
        configuration = self.directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            _CONFIGURATION.format(
                host=HOST,
                port=self.port,
                password=self._password,
                directory=_quoted(self.directory.resolve()),
                databases=self._databases,
                appendonly="yes" if self._durable else "no",
            )
        )
        return ChildSpec(
            name=self.name,
            command=(str(self._program), str(configuration.resolve())),
            environment=server_environment(),
            log_path=self.log_path,
            directory=self.directory,
            inherited=(lock,),
            death_signal=Signals.SIGTERM,
        )

    async def probe(self) -> str | None:
        """Ask for an answer, with the password."""
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
        except OSError as error:
            return str(error)
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            answers = [(await reader.readline()).decode().strip() for _ in range(2)]
        except OSError as error:
            return str(error)
        finally:
            writer.close()
        return self._judge(answers)

    def _judge(self, answers: list[str]) -> str | None:
        if answers == ["+OK", "+PONG"]:
            return None
        if answers[0].startswith(("-WRONGPASS", "-ERR")):
            message = f"port {self.port} belongs to another Redis: give another port"
            raise StartupError(message)
        return " ".join(answers)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
