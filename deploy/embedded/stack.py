# SPDX-License-Identifier: Apache-2.0
"""The whole system: the servers, and every service as a process of its own."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.catalogue import ServiceEntry
from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.environment import service_environment
from deploy.embedded.foundation import Foundation
from deploy.embedded.options import Ports, StackOptions
from deploy.embedded.ports import HOST, free_ports, require_free
from deploy.embedded.progress import Progress, QuietProgress
from deploy.embedded.service_readiness import wait_ready
from deploy.embedded.state_directory import StateDirectory
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.together import first_of, to_the_end, together
from deploy.embedded.warm_start import WarmStart


class Stack:
    """A running system; ``running_stack`` starts and ends one."""

    def __init__(self, options: StackOptions, *, progress: Progress) -> None:
        self._options = options
        self._progress = progress
        self._state = StateDirectory(options.state_dir)
        self._foundation = Foundation(options, state=self._state, progress=progress)
        self._entries = {entry.name: entry for entry in options.services}
        self._services = Supervisor((), report=progress.trouble)
        self._warm = WarmStart(
            log_path=self._state.logs / "nursery.log",
            environment=service_environment(options.environment),
        )

    @property
    def addresses(self) -> StackAddresses:
        """Where everything is."""
        servers = self._foundation.servers
        return StackAddresses(
            pid=os.getpid(),
            kafka_bootstrap_servers=self._foundation.kafka.bootstrap_servers,
            kafka_topic_prefix=self._foundation.kafka.topic_prefix,
            database_urls=dict(self._foundation.database_urls),
            redis_url=servers.valkey.url,
            services={name: entry.url for name, entry in self._entries.items()},
            state_dir=self._state.path,
        )

    async def start(self) -> None:
        """Start everything, and return when every service says it is ready.

        Raises:
            EmbeddedError: something cannot start; nothing is left running.
        """
        self._state.claim()
        try:
            self._choose_ports()
            if any(entry.module for entry in self._entries.values()):
                await self._warm.start()
            await self._foundation.start()
            await self._start_services()
            self.addresses.write(self._state.stack_file)
        except BaseException:
            await to_the_end(self.stop())
            raise

    async def stop(self) -> None:
        """End the services, which finish what they have in hand, and then the servers."""
        self._progress.doing("stopping the services")
        await self._services.stop()
        await self._warm.stop()
        self._progress.doing("stopping the servers")
        await self._foundation.stop()
        self._progress.doing("")
        self._state.release()

    def hurry(self) -> None:
        """End the services at once; for a person who does not want to wait for ``stop``."""
        self._services.kill()

    async def failure(self) -> None:
        """Wait until something cannot be kept running.

        Raises:
            RepeatedCrashError: always; the message says which program, and its last error.
        """
        await first_of(self._services.failure(), self._foundation.supervisor.failure())

    async def start_one(self, name: str) -> None:
        """Start a service or server that was stopped, and return when it is ready."""
        await self._supervisor_of(name).start_one(name)
        if name in self._entries:
            await self._wait_ready(self._entries[name])

    async def stop_one(self, name: str) -> None:
        """End a service or server; it stays down until it is started again."""
        await self._supervisor_of(name).stop_one(name)

    def kill_one(self, name: str) -> None:
        """End a service or server as a crash would; it is started again by itself."""
        self._supervisor_of(name).kill_one(name)

    async def _start_services(self) -> None:
        specs = [self._spec(entry) for entry in self._entries.values()]
        children = [Child(spec, spawn=self._warm.spawn) for spec in specs]
        self._services = Supervisor(
            children, report=self._progress.trouble, policy=self._options.restarts
        )
        self._progress.doing(f"starting {len(specs)} services")
        await self._services.start()
        await first_of(self._all_ready(), self.failure())

    async def _all_ready(self) -> None:
        await together(*(self._wait_ready(entry) for entry in self._entries.values()))

    async def _wait_ready(self, entry: ServiceEntry) -> None:
        log = self._log(entry)
        await wait_ready(entry.name, entry.url, log_path=log, patience=self._options.patience)
        self._progress.done(f"{entry.name} ready on {entry.url}")

    def _spec(self, entry: ServiceEntry) -> ChildSpec:
        traces = self._options.traces
        settings = {
            **self._foundation.environment(entry.name),
            **self._options.environment,
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(entry.port),
            **({"TRACES_FILE": str(traces.absolute())} if traces else {}),
        }
        return ChildSpec(
            name=entry.name,
            command=entry.command,
            module=entry.module,
            environment=service_environment(settings, defaults=self._defaults(entry)),
            log_path=self._log(entry),
        )

    def _log(self, entry: ServiceEntry) -> Path:
        return self._state.logs / f"{entry.name}.log"

    def _defaults(self, entry: ServiceEntry) -> dict[str, str]:
        state = str(self._state.path)
        return {name: value.format(state=state) for name, value in entry.defaults.items()}

    def _choose_ports(self) -> None:
        if self._options.ports is Ports.AUTO:
            ports = free_ports(len(self._entries))
            chosen = zip(self._entries.values(), ports, strict=True)
            self._entries = {entry.name: replace(entry, port=port) for entry, port in chosen}
        for entry in self._entries.values():
            advice = "stop it, or let free ports be chosen with --ports auto"
            require_free(entry.port, owner=entry.name, advice=advice)

    def _supervisor_of(self, name: str) -> Supervisor:
        return self._services if name in self._entries else self._foundation.supervisor


@asynccontextmanager
async def running_stack(
    options: StackOptions | None = None,
    *,
    progress: Progress | None = None,
    hurry: asyncio.Event | None = None,
) -> AsyncGenerator[Stack]:
    """Give a stack in which everything is ready; end all of it afterwards, whatever happens.

    ``hurry``, when set, ends the services without waiting for them.

    Raises:
        EmbeddedError: something cannot start; nothing is left running.
    """
    stack = Stack(options or StackOptions(), progress=progress or QuietProgress())
    hurrying = asyncio.create_task(_when(hurry or asyncio.Event(), stack))
    try:
        await stack.start()
        try:
            yield stack
        finally:
            await to_the_end(stack.stop())
    finally:
        hurrying.cancel()
        await asyncio.gather(hurrying, return_exceptions=True)


async def _when(hurry: asyncio.Event, stack: Stack) -> None:
    await hurry.wait()
    stack.hurry()
