# SPDX-License-Identifier: Apache-2.0
"""The three embedded servers, started and stopped together."""

from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.server import EmbeddedServer
from deploy.embedded.together import together
from deploy.embedded.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPorts:
    """Where the servers listen; None chooses a free port."""

    kafka: int | None = None
    postgres: int | None = None
    valkey: int | None = None


class EmbeddedServers:
    """Broker, PostgreSQL and Valkey below one directory.

    With ``durable``, what PostgreSQL and Valkey were told survives a restart, and what PostgreSQL
    committed a power failure too. Tests do without, and are quicker for it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        logs: Path,
        ports: ServerPorts | None = None,
        durable: bool = True,
        valkey_databases: int = 16,
    ) -> None:
        ports = ports or ServerPorts()
        self.broker = EmbeddedBroker(
            directory / "broker", log_path=logs / "broker.log", port=ports.kafka
        )
        self.postgres = EmbeddedPostgres(
            directory / "postgres",
            log_path=logs / "postgres.log",
            port=ports.postgres,
            durable=durable,
        )
        self.valkey = EmbeddedValkey(
            directory / "valkey",
            log_path=logs / "valkey.log",
            port=ports.valkey,
            durable=durable,
            databases=valkey_databases,
        )

    @property
    def all(self) -> tuple[EmbeddedServer, ...]:
        """The three of them."""
        return self.broker, self.postgres, self.valkey

    async def start(self) -> None:
        """Start all servers at the same time, or leave none running.

        Raises:
            EmbeddedError: one of them cannot start; the message says what to do.
        """
        try:
            await together(*(server.start() for server in self.all))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all servers and return when they are gone."""
        await together(*(server.stop() for server in self.all))
