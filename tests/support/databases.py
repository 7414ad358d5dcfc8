# SPDX-License-Identifier: Apache-2.0
"""A database for each test, copied from one that was migrated once."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from pydantic import TypeAdapter

from deploy.embedded.catalogue import service_names
from deploy.embedded.lock import FileLock
from deploy.embedded.passwords import new_password
from deploy.embedded.roles import let_log_in
from deploy.embedded.sql import connected
from deploy.migrations import upgrade
from shared.ids import new_id
from tests.support.shared_servers import SharedServers

TEMPLATE = "migrated"
EMPTY = "template0"
PATIENCE = timedelta(seconds=60)

_PASSWORDS = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedDatabase:
    """A database of its own with every schema in it."""

    admin_url: str
    passwords: Mapping[str, str]

    def url(self, role: str) -> str:
        """Return the address for the role of a service."""
        return _with(self.admin_url, user=role, password=self.passwords[role])


@asynccontextmanager
async def empty_database(servers: SharedServers) -> AsyncGenerator[str]:
    """Give the address of a new, empty database for the superuser; drop it afterwards."""
    async with _copy_of(EMPTY, servers) as url:
        yield url


@asynccontextmanager
async def migrated_database_of(servers: SharedServers) -> AsyncGenerator[MigratedDatabase]:
    """Give a new database with every schema and role; drop it afterwards."""
    passwords = await _template(servers)
    async with _copy_of(TEMPLATE, servers) as url:
        yield MigratedDatabase(admin_url=url, passwords=passwords)


@asynccontextmanager
async def _copy_of(template: str, servers: SharedServers) -> AsyncGenerator[str]:
    name = f"test_{new_id().hex}"
    async with connected(servers.postgres_url) as connection:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _with(servers.postgres_url, database=name)
    finally:
        async with connected(servers.postgres_url) as connection:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _template(servers: SharedServers) -> dict[str, str]:
    """Migrate the template if nobody has yet; return the passwords of the roles."""
    passwords = servers.directory / "passwords.json"
    lock = FileLock(servers.directory / "template.lock")
    await lock.acquire_within(PATIENCE)
    try:
        if not passwords.exists():
            passwords.write_bytes(_PASSWORDS.dump_json(await _migrate(servers)))
        return _PASSWORDS.validate_json(passwords.read_bytes())
    finally:
        lock.release()


async def _migrate(servers: SharedServers) -> dict[str, str]:
    async with connected(servers.postgres_url) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{TEMPLATE}"')
        await connection.execute(f'CREATE DATABASE "{TEMPLATE}"')
    url = _with(servers.postgres_url, database=TEMPLATE)
    await upgrade(url)
    passwords = {name: new_password() for name in service_names()}
    roles = await let_log_in(url, passwords)
    return {role: passwords[role] for role in roles}


def _with(url: str, *, database: str = "", user: str = "", password: str = "") -> str:
    parts = urlsplit(url)
    login = f"{user}:{password}" if user else f"{parts.username}:{parts.password}"
    path = f"/{database}" if database else parts.path
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.hostname}:{parts.port}", path=path))
