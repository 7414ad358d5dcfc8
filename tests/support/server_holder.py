# SPDX-License-Identifier: Apache-2.0
"""Runs the servers of a test session for as long as somebody uses them.

A process of its own, because no worker of the session lives as long as the servers are needed. Who
uses them holds a shared lock on the file ``users``. The kernel takes the lock back from those that
finished and from those that were killed alike; when nobody has it any more, the servers are ended.
"""

import asyncio
import fcntl
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

from deploy.embedded.lock import FileLock
from deploy.embedded.servers import EmbeddedServers
from tests.support.shared_servers import SharedServers

REDIS_DATABASES = 512


def main(directory: Path) -> None:
    """Go on in the background; ``holder`` is locked before we return and until we are gone."""
    alive = FileLock(directory / "holder")
    asyncio.run(alive.acquire_within(timedelta(seconds=10)))
    if os.fork() == 0:
        os.setsid()
        asyncio.run(hold(directory))


async def hold(directory: Path) -> None:
    """Start the servers, say where they are, and end them when nobody uses them."""
    servers = EmbeddedServers(
        directory / "data", logs=directory, durable=False, valkey_databases=REDIS_DATABASES
    )
    try:
        await servers.start()
        _addresses(servers, directory).write()
        with (directory / "users").open("rb") as users:
            await asyncio.to_thread(fcntl.flock, users, fcntl.LOCK_EX)
            SharedServers.forget(directory)
            await servers.stop()
    finally:
        await servers.stop()
        shutil.rmtree(directory / "data")


def _addresses(servers: EmbeddedServers, directory: Path) -> SharedServers:
    return SharedServers(
        kafka_bootstrap_servers=servers.broker.bootstrap_servers,
        postgres_url=servers.postgres.admin_url,
        redis_url=servers.valkey.url,
        directory=directory,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
