# SPDX-License-Identifier: Apache-2.0
"""One node of Apache Kafka, with its files in a directory of its own."""

import asyncio
import base64
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.embedded.child import ChildSpec
from deploy.embedded.environment import service_environment
from deploy.embedded.errors import StartupError
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.server import EmbeddedServer
from shared.ids import new_id
from tests.support.kafka.programs import KafkaPrograms, kafka_programs
from tests.support.kafka.properties import Listener, server_properties


class ApacheKafka(EmbeddedServer):
    """A broker that keeps its records when it is stopped and started again.

    Beside the plain listener it has one for each of ``listeners``: its security protocol, and what
    the broker is told of it. ``scram`` are users with their passwords.
    """

    name = "Apache Kafka"
    patience = timedelta(minutes=3)

    def __init__(
        self,
        directory: Path,
        programs: KafkaPrograms,
        *,
        listeners: Mapping[str, Mapping[str, str]] | None = None,
        scram: Mapping[str, str] | None = None,
    ) -> None:
        first, controller, *others = free_ports(2 + len(listeners or {}))
        super().__init__(directory, log_path=directory.with_suffix(".log"), port=first)
        self._programs = programs
        self._controller = controller
        self._listeners = (
            Listener(protocol="PLAINTEXT", port=first),
            *(
                Listener(protocol=protocol, port=port, settings=settings)
                for port, (protocol, settings) in zip(
                    others, (listeners or {}).items(), strict=True
                )
            ),
        )
        self._scram = scram or {}
        self._cluster_id = base64.urlsafe_b64encode(new_id().bytes).decode().rstrip("=")

    @property
    def bootstrap_servers(self) -> str:
        """What clients without any security connect to."""
        return self.address("PLAINTEXT")

    def address(self, protocol: str) -> str:
        """Return what clients with this security protocol connect to."""
        port = next(each.port for each in self._listeners if each.protocol == protocol)
        return f"{HOST}:{port}"

    async def prepare(self) -> None:
        """Write the configuration and format the directory, the first time."""
        if self._properties.exists():
            return
        self._properties.write_text(
            server_properties(
                self.directory,
                self._listeners,
                bind_host=self._programs.bind_host,
                controller_port=self._controller,
            )
        )
        await self._format()

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    async def _format(self) -> None:
        users = [
            word
            for user, password in self._scram.items()
            for word in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]")
        ]
        process = await asyncio.create_subprocess_exec(
            *self._programs.command(
                "kafka.tools.StorageTool",
                *("format", "--cluster-id", self._cluster_id, "--config", str(self._properties)),
                *users,
                directory=self.directory,
            ),
            env=service_environment({}),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise StartupError(f"{self.name} cannot format its directory: {output.decode()}")

    def spec(self, lock: int) -> ChildSpec:
        """Return the command line of the broker."""
        return ChildSpec(
            name=self.name,
            command=self._programs.command(
                "kafka.Kafka",
                str(self._properties),
                directory=self.directory,
                ports=[each.port for each in self._listeners],
            ),
            environment=service_environment({}),
            log_path=self.log_path,
            directory=self.directory,
            inherited=(lock,),
            stop_timeout=timedelta(seconds=30),
            death_signal=self._programs.death_signal,
        )

    async def probe(self) -> str | None:
        """Ask for the id of the cluster."""
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError as error:
            return str(error)
        writer.close()  # somebody listens: only now the client, which logs every failure
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await client.start()
            found = (await client.describe_cluster())["cluster_id"]
        except (KafkaError, OSError) as error:
            return str(error)
        finally:
            await client.close()
        return None if found == self._cluster_id else f"port {self.port} belongs to another broker"


@asynccontextmanager
async def running_kafka(broker: ApacheKafka) -> AsyncGenerator[ApacheKafka]:
    """Give the broker when it answers; end it afterwards."""
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def plain_kafka(directory: Path) -> ApacheKafka:
    """Return a broker with one plain listener, not started yet.

    Raises:
        MissingServerError: this machine has no way to run one.
    """
    return ApacheKafka(directory, await kafka_programs())
