# SPDX-License-Identifier: Apache-2.0
"""The embedded SQL server: PostgreSQL on TCP loopback, with passwords, and no Unix socket."""

import asyncio
from pathlib import Path
from signal import Signals

import asyncpg

from deploy.embedded.child import ChildSpec
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.environment import server_environment
from deploy.embedded.errors import StartupError, StateDirectoryError
from deploy.embedded.identity import unprivileged
from deploy.embedded.initdb import Initdb
from deploy.embedded.passwords import kept_password
from deploy.embedded.ports import HOST
from deploy.embedded.postgres_program import postgres_programs
from deploy.embedded.server import EmbeddedServer
from deploy.embedded.sql import connected
from deploy.embedded.wheels import POSTGRES_VERSION

SUPERUSER = "postgres"
DATABASE = "agent_runtime"

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "300",
    "jit": "off",
}
_QUICK = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL whose data survives restarts; without ``durable``, not a power failure.

    As root it runs as somebody else, for it refuses to run as root.
    """

    name = "PostgreSQL"

    def __init__(
        self, directory: Path, *, log_path: Path, port: int | None = None, durable: bool = True
    ) -> None:
        super().__init__(directory, log_path=log_path, port=port)
        self._durable = durable
        self._data_path = directory / "data"
        self._data: DataDirectory | None = None
        self._password = ""

    @property
    def admin_url(self) -> str:
        """The address for the superuser, of our database."""
        return self.url(SUPERUSER, self._password)

    def url(self, role: str, password: str, *, database: str = DATABASE) -> str:
        """Return the address for a role."""
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"

    async def start(self) -> None:
        """Start the server, with our database in it; return when it answers.

        Raises:
            EmbeddedError: it cannot; the message says what to do.
        """
        await super().start()
        try:
            await self._create_database()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the server and return when it is gone."""
        await super().stop()
        self._close_data()

    async def prepare(self) -> None:
        """Make the data directory the first time, and clean up after a crash."""
        identity = unprivileged(self._data_path)
        self._programs = await asyncio.to_thread(postgres_programs, identity)
        self._password = kept_password(self.directory / "password")
        if not self._data_path.exists():
            await Initdb(
                programs=self._programs,
                identity=identity,
                superuser=SUPERUSER,
                password=self._password,
                durable=self._durable,
                log_path=self.log_path,
            ).make(self._data_path)
        self._require_version()
        # We hold the lock, which every process of this server inherits: the one named there is gone
        # and its process id may be somebody else's by now.
        (self._data_path / "postmaster.pid").unlink(missing_ok=True)
        self._close_data()
        self._data = DataDirectory(self._data_path, identity)

    def spec(self, lock: int) -> ChildSpec:
        """Return the command line of the server."""
        data = self._opened()
        settings = {"port": str(self.port), **_SETTINGS, **({} if self._durable else _QUICK)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return ChildSpec(
            name=self.name,
            command=(str(self._programs / "postgres"), "-D", data.name, *options),
            environment=server_environment(),
            log_path=self.log_path,
            directory=Path("/"),
            identity=data.identity,
            inherited=(lock, *data.inherited),
            stop_signal=Signals.SIGINT,  # its "fast" shutdown: it waits for no client
            death_signal=Signals.SIGINT,
        )

    async def probe(self) -> str | None:
        """Connect as the superuser."""
        try:
            async with connected(self._maintenance_url):
                return None
        except asyncpg.InvalidPasswordError as error:
            message = (
                f"the password in {self.directory / 'password'} is not that of the data beside it:"
                " restore that file, or start anew with another --state-dir"
            )
            raise StartupError(message) from error
        except (OSError, asyncpg.PostgresError) as error:
            return str(error)

    @property
    def _maintenance_url(self) -> str:
        return self.url(SUPERUSER, self._password, database="postgres")

    async def _create_database(self) -> None:
        known = "SELECT true FROM pg_database WHERE datname = $1"
        async with connected(self._maintenance_url) as connection:
            if not await connection.fetchval(known, DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _opened(self) -> DataDirectory:
        if self._data is None:
            message = f"{self.name} was not prepared"
            raise RuntimeError(message)
        return self._data

    def _close_data(self) -> None:
        if self._data:
            self._data.close()
            self._data = None

    def _require_version(self) -> None:
        found = (self._data_path / "PG_VERSION").read_text().strip()
        if found != POSTGRES_VERSION:
            message = (
                f"the data in {self.directory} is of PostgreSQL {found}, not {POSTGRES_VERSION}:"
                " choose another --state-dir, or move the data over with pg_dump"
            )
            raise StateDirectoryError(message)
