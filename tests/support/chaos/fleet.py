# SPDX-License-Identifier: Apache-2.0
"""The whole system with several replicas of each service, all of which may be killed."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from deploy.embedded.catalogue import SERVICES, ServiceEntry
from deploy.embedded.child import ChildSpec
from deploy.embedded.environment import service_environment
from deploy.embedded.foundation import Foundation
from deploy.embedded.options import StackOptions
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.progress import QuietProgress
from deploy.embedded.service_readiness import wait_ready
from deploy.embedded.state_directory import StateDirectory
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.together import to_the_end, together
from deploy.embedded.warm_start import WarmStart
from shared.retry import RetryPolicy
from shared.settings import KafkaSettings
from tests.support.chaos import launcher
from tests.support.chaos.orders import Orders
from tests.support.chaos.replica import Replica

PATIENT = RetryPolicy(
    initial_delay=timedelta(milliseconds=100), max_delay=timedelta(seconds=1), max_attempts=100_000
)
"""Whatever ends is started again, however often."""

READY_WITHIN = timedelta(minutes=10)


class Broker(Protocol):
    """A broker that can be stopped and started."""

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""
        ...

    async def start(self) -> None:
        """Start it."""
        ...

    async def stop(self) -> None:
        """Stop it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """What to run; ``kafka`` is a cluster in place of the embedded broker, ``broker`` stops it."""

    directory: Path
    replicas: Mapping[str, int] = field(
        default_factory=lambda: {entry.name: 2 for entry in SERVICES}
    )
    kafka: KafkaSettings | None = None
    broker: Broker | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Fleet:
    """A running system; ``running_fleet`` starts and ends one."""

    def __init__(self, options: FleetOptions) -> None:
        self._state = StateDirectory(options.directory / "state")
        self._options = options
        self._environment = {
            "RETRY_INITIAL_DELAY": "0.05",
            **(
                {
                    "KAFKA_TOPIC_PREFIX": options.kafka.topic_prefix,
                    "KAFKA_SESSION_TIMEOUT": "6",
                }
                if options.kafka
                else {"KAFKA_FETCH_MAX_WAIT": "0.1"}  # so many members ask a lot at 0.02
            ),
            **options.environment,
        }
        stack = StackOptions(
            state_dir=self._state.path,
            kafka_bootstrap_servers=options.kafka.bootstrap_servers if options.kafka else None,
            durable=False,
            environment=self._environment,
            restarts=PATIENT,
        )
        self.foundation = Foundation(stack, state=self._state, progress=QuietProgress())
        self._warm = WarmStart(
            log_path=self._state.logs / "nursery.log", environment=service_environment({})
        )
        self._entries = {entry.name: entry for entry in SERVICES}
        self.replicas: dict[str, Replica] = {}
        self._upgraded: set[str] = set()
        self._supervisors: dict[str, Supervisor] = {}

    @property
    def kafka(self) -> KafkaSettings:
        """The broker, as the services see it."""
        return self.foundation.kafka

    @property
    def broker_forgets(self) -> bool:
        """Whether a broker that is started again has none of its records any more."""
        return self._options.kafka is None

    @property
    def broker_can_stop(self) -> bool:
        """Whether the broker is ours to stop."""
        return self._options.kafka is None or self._options.broker is not None

    @property
    def admin_url(self) -> str:
        """The database, for the superuser."""
        return self.foundation.servers.postgres.admin_url

    @property
    def redis_url(self) -> str:
        """The cache."""
        return self.foundation.servers.valkey.url

    @property
    def workspaces(self) -> Path:
        """Where the sessions' files are."""
        return self._state.path / "workspaces"

    @property
    def logs(self) -> Path:
        """Where all write their logs."""
        return self._state.logs

    def of(self, service: str) -> list[Replica]:
        """Return the replicas of a service."""
        return [each for each in self.replicas.values() if each.service == service]

    @property
    def urls(self) -> dict[str, str]:
        """One replica of each service."""
        return {service: self.of(service)[0].url for service in self._options.replicas}

    async def start(self) -> None:
        """Start everything; return when every replica is ready."""
        self._state.claim()
        (self._state.path / "marks").mkdir(exist_ok=True)
        await self._warm.start()
        await self.foundation.start()
        for service, replicas in self._options.replicas.items():
            for _ in range(replicas):
                await self.add(service)
        await self.until_ready(self.replicas)

    async def stop(self) -> None:
        """End everything."""
        await together(*(self._supervisors[name].stop() for name in list(self._supervisors)))
        await self._warm.stop()
        await self.foundation.stop()
        self._state.release()

    async def add(self, service: str) -> Replica:
        """Start one more replica of a service."""
        entry = self._entries[service]
        replica = Replica(
            service,
            len(self.of(service)) + 1,
            port=free_ports(1)[0],
            make_spec=lambda replica, orders: self._spec(entry, replica, orders),
            spawn=self._warm.spawn,
            marks=self._state.path / "marks",
        )
        if service in self._upgraded:
            replica.upgrade()
        self.replicas[replica.name] = replica
        supervisor = Supervisor((replica,), report=self._note, policy=PATIENT)
        self._supervisors[replica.name] = supervisor
        await supervisor.start()
        return replica

    async def remove(self, replica: Replica) -> None:
        """Stop a replica in an orderly way, for good."""
        await self._supervisors.pop(replica.name).stop()
        del self.replicas[replica.name]

    async def restart(self, replica: Replica) -> None:
        """Stop a replica in an orderly way and start it, as its orders are now."""
        await self._supervisors[replica.name].stop_one(replica.name)
        await self._supervisors[replica.name].start_one(replica.name)

    async def upgrade(self, service: str) -> None:
        """Restart the replicas of a service one by one as a later release, as are those to come."""
        self._upgraded.add(service)
        for replica in self.of(service):
            replica.upgrade()
            await self.restart(replica)
            await self.until_ready([replica.name])

    def kill(self, replica: Replica) -> None:
        """Kill a replica; it is started again by itself."""
        replica.kill()

    async def until_ready(self, names: Sequence[str] | Mapping[str, Replica]) -> None:
        """Return when all of these replicas say that they are ready."""
        await together(*(self._ready(self.replicas[name]) for name in list(names)))

    async def _ready(self, replica: Replica) -> None:
        log = self._log(replica)
        await wait_ready(replica.name, replica.url, log_path=log, patience=READY_WITHIN)

    async def stop_server(self, name: str) -> None:
        """Stop a server; it stays down until it is started."""
        if name == BROKER and self._options.broker:
            await self._options.broker.stop()
        else:
            await self.foundation.supervisor.stop_one(name)

    async def start_server(self, name: str) -> None:
        """Start a server that was stopped."""
        if name == BROKER and self._options.broker:
            await self._options.broker.start()
        else:
            await self.foundation.supervisor.start_one(name)

    def _note(self, what: str) -> None:
        """Write what was started again to a log of our own."""
        with (self._state.logs / "supervisor.log").open("a") as log:
            log.write(f"{what}\n")

    def _spec(self, entry: ServiceEntry, replica: Replica, orders: Orders) -> ChildSpec:
        settings = {
            **self.foundation.environment(entry.name),
            **self._environment,
            **orders.environment(),
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(replica.port),
        }
        state = str(self._state.path)
        defaults = {name: value.format(state=state) for name, value in entry.defaults.items()}
        return ChildSpec(
            name=replica.name,
            command=(*entry.command[:-1], launcher.__name__),
            module=launcher.__name__,
            environment=service_environment(settings, defaults=defaults),
            log_path=self._log(replica),
        )

    def _log(self, replica: Replica) -> Path:
        return self._state.logs / f"{replica.name}.log"


BROKER = "Kafka broker"
POSTGRES = "PostgreSQL"
VALKEY = "Valkey"


@asynccontextmanager
async def running_fleet(options: FleetOptions) -> AsyncGenerator[Fleet]:
    """Give a fleet in which everything is ready; end all of it afterwards, whatever happens."""
    fleet = Fleet(options)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(_end, fleet)
        await fleet.start()
        yield fleet


async def _end(fleet: Fleet) -> None:
    await to_the_end(asyncio.ensure_future(fleet.stop()))
