# SPDX-License-Identifier: Apache-2.0
"""The embedded Kafka broker: Tansu, which keeps everything in memory."""

import asyncio
from signal import Signals

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.embedded.child import ChildSpec
from deploy.embedded.environment import server_environment
from deploy.embedded.ports import HOST
from deploy.embedded.server import EmbeddedServer
from deploy.embedded.wheels import broker_program
from shared.ids import new_id


class EmbeddedBroker(EmbeddedServer):
    """A Kafka broker that forgets its topics and records when it stops.

    Each start is a new cluster with a new id, by which clients notice that the records are gone.
    """

    name = "Kafka broker"

    cluster_id = ""

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    async def prepare(self) -> None:
        """Choose the id of the new cluster."""
        self.cluster_id = str(new_id())
        self._program = broker_program(self.directory)

    def spec(self, lock: int) -> ChildSpec:
        """Return the command line of the broker."""
        url = f"tcp://{self.bootstrap_servers}"
        return ChildSpec(
            name=self.name,
            command=(
                str(self._program),
                "broker",
                f"--cluster-id={self.cluster_id}",
                f"--listener-url={url}",
                f"--advertised-listener-url={url}",
                "--storage-engine=memory://tansu/",
            ),
            environment=server_environment(),
            log_path=self.log_path,
            directory=self.directory,
            inherited=(lock,),
            death_signal=Signals.SIGKILL,  # it has nothing to lose
        )

    async def probe(self) -> str | None:
        """Ask for the id of the cluster."""
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError as error:
            return str(error)
        writer.close()  # somebody listens: only now the client, which logs every failure
        return await self._ask_cluster_id()

    async def _ask_cluster_id(self) -> str | None:
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await client.start()
            found = (await client.describe_cluster())["cluster_id"]
        except (KafkaError, OSError) as error:
            return str(error)
        finally:
            await client.close()
        return None if found == self.cluster_id else f"port {self.port} belongs to another broker"
