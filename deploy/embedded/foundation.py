# SPDX-License-Identifier: Apache-2.0
"""The servers with all that the services need in them: topics, schema, and a role for each."""

from collections.abc import Mapping

from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.options import StackOptions
from deploy.embedded.passwords import new_password
from deploy.embedded.postgres import SUPERUSER
from deploy.embedded.prepared import Prepared
from deploy.embedded.progress import Progress
from deploy.embedded.roles import let_log_in
from deploy.embedded.servers import EmbeddedServers
from deploy.embedded.service_settings import cluster_environment, kafka_environment, settings_of
from deploy.embedded.state_directory import StateDirectory
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.together import together
from shared.settings import KafkaSettings


class Foundation:
    """What the services stand on; a server that crashes is started and prepared again."""

    def __init__(self, options: StackOptions, *, state: StateDirectory, progress: Progress) -> None:
        self.servers = EmbeddedServers(
            state.servers, logs=state.logs, ports=options.server_ports, durable=options.durable
        )
        self._cluster = options.kafka_bootstrap_servers
        broker = Prepared(self.servers.broker, self._create_topics)
        self.supervisor = Supervisor(
            (
                *(() if self._cluster else (broker,)),
                Prepared(self.servers.postgres, self._create_schema),
                self.servers.valkey,
            ),
            report=progress.trouble,
            policy=options.restarts,
        )
        self._extra = options.environment
        self._progress = progress
        self._passwords = {entry.name: new_password() for entry in options.services}
        self._roles: list[str] = []

    @property
    def kafka(self) -> KafkaSettings:
        """The broker, as the services see it."""
        return settings_of(self._kafka_environment)

    @property
    def _kafka_environment(self) -> dict[str, str]:
        if self._cluster:
            return cluster_environment(self._cluster, self._extra)
        return kafka_environment(self.servers.broker.bootstrap_servers, self._extra)

    @property
    def database_urls(self) -> Mapping[str, str]:
        """The address of the database for each role, the superuser among them."""
        postgres = self.servers.postgres
        urls = {role: postgres.url(role, self._passwords[role]) for role in self._roles}
        return {SUPERUSER: postgres.admin_url, **urls}

    def environment(self, service: str) -> dict[str, str]:
        """Return the variables by which ``service`` finds the servers, with its own role."""
        urls = self.database_urls
        return {
            **self._kafka_environment,
            **({"DATABASE_URL": urls[service]} if service in urls else {}),
            "REDIS_URL": self.servers.valkey.url,
        }

    async def start(self) -> None:
        """Start and prepare all servers at the same time, or leave none running."""
        if self._cluster:
            self._progress.doing("starting PostgreSQL and Valkey")
            await together(self.supervisor.start(), self._create_topics())
            self._progress.done(f"Kafka on {self._cluster}, topics there")
        else:
            self._progress.doing("starting Kafka broker, PostgreSQL and Valkey")
            await self.supervisor.start()
            self._progress.done(f"Kafka broker on {self.kafka.bootstrap_servers}, in memory")
        self._progress.done(f"PostgreSQL on 127.0.0.1:{self.servers.postgres.port}, schema current")
        self._progress.done(f"Valkey on 127.0.0.1:{self.servers.valkey.port}")

    async def stop(self) -> None:
        """End all servers."""
        await self.supervisor.stop()

    async def _create_topics(self) -> None:
        # Imported while the servers start, for these libraries take longer to import than they do.
        from shared.messaging.topics_admin import ensure_topics

        await ensure_topics(self.kafka)

    async def _create_schema(self) -> None:
        from alembic.util import CommandError

        from deploy.migrations import upgrade

        url = self.servers.postgres.admin_url
        try:
            await upgrade(url)
        except CommandError as error:
            message = f"this version cannot read the database in the state directory: {error}"
            raise StateDirectoryError(f"{message}; choose another --state-dir") from error
        self._roles = await let_log_in(url, self._passwords)
