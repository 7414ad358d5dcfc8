# SPDX-License-Identifier: Apache-2.0
"""Lets the roles of the services log in, each with a password of its own."""

from collections.abc import Mapping

from deploy.embedded.sql import SqlConnection, connected


async def let_log_in(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Give those roles that exist their password and the right to log in; return their names."""
    async with connected(admin_url) as connection:
        rows = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY($1) ORDER BY rolname",
            list(passwords),
        )
        roles = [str(row["rolname"]) for row in rows]
        for role in roles:
            await connection.execute(await _alter_role(connection, role, passwords[role]))
    return roles


async def _alter_role(connection: SqlConnection, role: str, password: str) -> str:
    """Return the statement, which takes no parameters, with role and password quoted."""
    statement = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
    return str(await connection.fetchval(statement, role, password))
