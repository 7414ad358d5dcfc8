# SPDX-License-Identifier: Apache-2.0
"""Carries out a plan, one fault after another, while the load goes on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx

from deploy.embedded.errors import EmbeddedError
from deploy.embedded.sql import connected
from deploy.embedded.together import together
from shared.errors import DependencyDownError
from shared.events import Topics
from shared.messaging import OutgoingRecord
from shared.messaging.producer import KafkaProducer
from tests.support.chaos.accounts import Clients
from tests.support.chaos.desk import letters
from tests.support.chaos.fleet import BROKER, POSTGRES, VALKEY, Fleet
from tests.support.chaos.load import Load
from tests.support.chaos.orders import Point, Trouble
from tests.support.chaos.plan import Action, Fault
from tests.support.chaos.poison import Content, content_of, letters_of, poison
from tests.support.chaos.replica import Replica
from tests.support.chaos.topics import all_records
from tests.support.eventually import eventually
from tests.support.redis_client import redis_client

PATIENCE = 180
RESENT = 200
WRITER = ("orchestrator",)
READERS_THAT_MAY_BE_LATE = ("persistence", "metrics", "agent_context")
OTHERS = ("audit", "dead_letters")
MORE_MESSAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a fault; ``problem`` says why it did not happen."""

    fault: Fault
    seconds: float
    note: str = ""
    problem: str = ""


@dataclass(slots=True)
class Saboteur:
    """Breaks one thing after another, and notes what it did."""

    fleet: Fleet
    load: Load
    seed: int
    say: Callable[[str], None] = lambda _: None
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    poisoned: dict[str, Content] = field(default_factory=dict[str, Content])
    resent: int = 0
    upgraded: bool = False
    forgotten: bool = False
    """Whether a broker went away with all its records, which are published again then."""

    _volleys: int = 0

    async def carry_out(self, plan: Sequence[Fault]) -> None:
        """Do all that is in the plan."""
        for fault in plan:
            if fault.action is Action.STOP_BROKER and not self.fleet.broker_can_stop:
                continue
            self.say(str(fault))
            await self._do(fault)

    async def _do(self, fault: Fault) -> None:
        loop = asyncio.get_running_loop()
        began, note, problem = loop.time(), "", ""
        try:
            note = await self._actions[fault.action](fault)
        except (AssertionError, EmbeddedError) as error:
            problem = f"{fault}: {error}"
        self.outcomes.append(
            Outcome(fault=fault, seconds=loop.time() - began, note=note, problem=problem)
        )

    @property
    def _actions(self) -> dict[Action, Callable[[Fault], Awaitable[str]]]:
        return {
            Action.KILL: self._kill,
            Action.KILL_AT: self._kill_at,
            Action.RESTART: self._restart,
            Action.JOIN_AND_LEAVE: self._join_and_leave,
            Action.TROUBLE: self._trouble,
            Action.STOP_BROKER: self._stop_broker,
            Action.STOP_POSTGRES: lambda _: self._stop(POSTGRES),
            Action.CRASH_POSTGRES: self._crash_postgres,
            Action.STOP_VALKEY: lambda _: self._stop(VALKEY),
            Action.FLUSH_VALKEY: self._flush_valkey,
            Action.POISON: self._poison,
            Action.RESEND: self._resend,
            Action.UPGRADE_READERS_FIRST: lambda _: self._upgrade(
                (*READERS_THAT_MAY_BE_LATE, *OTHERS), WRITER
            ),
            Action.UPGRADE_WRITER_FIRST: lambda _: self._upgrade(
                OTHERS, WRITER, READERS_THAT_MAY_BE_LATE
            ),
        }

    def _replica(self, fault: Fault) -> Replica:
        replicas = self.fleet.of(fault.service)
        return replicas[fault.replica % len(replicas)]

    async def _kill(self, fault: Fault) -> str:
        await self._crash(self._replica(fault))
        return ""

    async def _crash(self, replica: Replica) -> None:
        pid = replica.pid
        self.fleet.kill(replica)
        await eventually(
            lambda: replica.pid not in {pid, None}, timeout=PATIENCE, message="it was not restarted"
        )

    async def _kill_at(self, fault: Fault) -> str:
        replica = self._replica(fault)
        assert fault.point
        replica.arm(fault.point, occurrence=fault.occurrence)
        await self._crash(replica)
        given_up = asyncio.Event()
        provoking = asyncio.create_task(self._provoke(fault, replica, given_up))
        reached = await replica.until_reached(patience=PATIENCE)
        given_up.set()
        await provoking
        if not reached:
            replica.disarm()
            await self._crash(replica)
        assert reached, "the point was not reached"
        return f"at passing {fault.occurrence}"

    async def _provoke(self, fault: Fault, replica: Replica, given_up: asyncio.Event) -> None:
        """Bring about what the load does not."""
        await self.fleet.until_ready([replica.name])
        while self._is_provoked(fault) and not (replica.reached or given_up.is_set()):
            if fault.point is Point.DURING_REBALANCE:  # it may be over before the replica hears it
                await self._join_and_leave(fault)
            else:
                await self._poison(fault)

    def _is_provoked(self, fault: Fault) -> bool:
        provoked = (Point.DURING_REBALANCE, Point.AFTER_DEAD_LETTER_BEFORE_COMMIT)
        return fault.service == "dead_letters" or fault.point in provoked

    async def _restart(self, fault: Fault) -> str:
        replica = self._replica(fault)
        await self.fleet.restart(replica)
        await self.fleet.until_ready([replica.name])
        return ""

    async def _join_and_leave(self, fault: Fault) -> str:
        replica = await self.fleet.add(fault.service)
        try:
            await self.fleet.until_ready([replica.name])
        finally:
            await self.fleet.remove(replica)
        return ""

    async def _trouble(self, fault: Fault) -> str:
        replica = self._replica(fault)
        replica.misbehave(fault.trouble)
        await self.fleet.restart(replica)
        await self.fleet.until_ready([replica.name])
        note = ""
        if fault.trouble is Trouble.BROKEN:
            note = f"{await self._until_fatal(fault.service)} dead letters of it"
        else:
            await self._until_more_messages()
        replica.misbehave(None)
        await self.fleet.restart(replica)
        return note

    async def _until_fatal(self, service: str) -> int:
        async def fatal() -> int:
            clients = Clients(self.fleet.urls)
            try:
                return len(await letters(clients, service=service, kind="fatal"))
            finally:
                await clients.close()

        found: int = await eventually(fatal, timeout=PATIENCE, message="nothing was dead-lettered")
        return found

    async def _until_more_messages(self) -> None:
        before = self.load.accepted
        await eventually(
            lambda: self.load.accepted >= before + MORE_MESSAGES,
            timeout=PATIENCE,
            message="the load does not go on",
        )

    async def _stop_broker(self, _: Fault) -> str:
        if self.fleet.broker_forgets:  # what only it has would be lost with it
            await self._until_on_desk()
            self.forgotten = True
        return await self._stop(BROKER)

    async def _stop(self, server: str) -> str:
        await self.fleet.stop_server(server)
        try:
            found: str = await eventually(
                self._somebody_waits, timeout=PATIENCE, message="nobody noticed"
            )
        finally:
            await self.fleet.start_server(server)
        return f"{found} said so first"

    async def _somebody_waits(self) -> str:
        """Return the name of a replica that says it is not ready, or nothing."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for replica in self.fleet.replicas.values():
                try:
                    answer = await client.get(f"{replica.url}/readyz")
                except httpx.TransportError:
                    continue
                if answer.is_server_error:
                    return replica.name
        return ""

    async def _crash_postgres(self, _: Fault) -> str:
        server = self.fleet.foundation.servers.postgres
        pid = server.pid
        self.fleet.foundation.supervisor.kill_one(POSTGRES)
        await eventually(lambda: server.pid not in {pid, None}, timeout=PATIENCE)
        await eventually(self._postgres_answers, timeout=PATIENCE)
        return ""

    async def _postgres_answers(self) -> bool:
        try:
            async with connected(self.fleet.admin_url):
                return True
        except Exception:  # noqa: BLE001 -- it is starting: there are many ways to say so
            return False

    async def _flush_valkey(self, _: Fault) -> str:
        async with redis_client(self.fleet.redis_url) as redis:
            keys: int = await redis.dbsize()
            await redis.flushall()
        return f"{keys} keys"

    async def _poison(self, _: Fault) -> str:
        self._volleys += 1
        volley = poison(Topics(self.fleet.kafka.topic_prefix), volley=self._volleys)
        await self._write(list(volley.values()))
        self.poisoned |= {
            f"{self._volleys}: {name}": content_of(each) for name, each in volley.items()
        }
        if self.fleet.broker_forgets:
            await self._until_on_desk()
        return f"{len(volley)} records"

    async def _until_on_desk(self) -> None:
        clients = Clients(self.fleet.urls)

        async def there() -> bool:
            found = [
                each
                for kind in ("poison", "oversize")
                for each in await letters(clients, kind=kind)
            ]
            return len(found) >= letters_of(self.poisoned)

        try:
            await eventually(there, timeout=PATIENCE, message="poison did not come to the desk")
        finally:
            await clients.close()

    async def _resend(self, _: Fault) -> str:
        topics = Topics(self.fleet.kafka.topic_prefix)
        records = await all_records(self.fleet.kafka, [topics.domain, topics.infrastructure])
        events = [each for each in records if any(name == "ce_id" for name, _ in each.headers)]
        poisoned = set(self.poisoned.values())
        events = [each for each in events if content_of(each) not in poisoned]
        rng = random.Random(self.seed)  # noqa: S311 -- it has to be repeatable
        chosen = rng.sample(events, min(RESENT, len(events)))
        await self._write(
            [
                OutgoingRecord(each.topic, each.key, each.value, each.headers, each.partition)
                for each in chosen
            ]
        )
        self.resent += len(chosen)
        return f"{len(chosen)} records"

    async def _upgrade(self, *stages: Sequence[str]) -> str:
        """Restart all replicas of each service, one after the other, as a later release.

        The services of a stage do so at the same time, when the stage before is done.
        """
        await self._until_more_messages()
        for services in stages:
            await together(*(self.fleet.upgrade(service) for service in services))
        await self._until_more_messages()
        self.upgraded = True
        return f"{len(self.fleet.replicas)} replicas"

    async def _write(self, records: Sequence[OutgoingRecord]) -> None:
        producer = KafkaProducer(self.fleet.kafka, client_id="chaos")
        await producer.start()
        try:
            await producer.write_all(records)
        except DependencyDownError as error:
            raise AssertionError(f"the broker did not confirm: {error}") from error
        finally:
            await producer.stop()
