# SPDX-License-Identifier: Apache-2.0
"""Looks for a secret in everything that is kept, in whichever way it may be written down."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.embedded.sql import connected

SECRET = "Xq7planted0dq"  # noqa: S105 -- it opens nothing
"""What a test plants, to look for afterwards."""


def spellings(secret: str) -> list[str]:
    """Return a secret as text, in hexadecimal, and in base64 wherever in a text it may begin."""
    plain = secret.encode()
    shifted = [b64encode(b"-" * shift + plain)[shift * 2 : -4].decode() for shift in range(3)]
    return [secret, plain.hex(), *shifted]


async def tables_with(admin_url: str, secret: str) -> list[str]:
    """Return the tables, of all schemas, in some row of which the secret is."""
    wanted = [f"%{each}%" for each in spellings(secret)]
    found: list[str] = []
    async with connected(admin_url) as connection:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " ORDER BY 1, 2"
        )
        for schema, table in tables:
            name = f'"{schema}"."{table}"'
            query = f"SELECT count(*) FROM {name} AS each WHERE each::text LIKE ANY ($1)"  # noqa: S608 -- names of the catalogue
            if await connection.fetchval(query, wanted):
                found.append(f"{schema}.{table}")
    return found


async def keys_with(redis: Any, secret: str) -> list[str]:
    """Return the Redis keys that have the secret in their name or their value."""
    wanted = [each.encode() for each in spellings(secret)]
    found: list[str] = []
    async for key in redis.scan_iter(count=1000):
        kept = b"".join([key, await redis.dump(key) or b"", *await _values(redis, key)])
        if any(each in kept for each in wanted):
            found.append(key.decode(errors="replace"))
    return found


async def _values(redis: Any, key: bytes) -> list[bytes]:
    match await redis.type(key):
        case b"hash":
            return [part for pair in (await redis.hgetall(key)).items() for part in pair]
        case b"string":
            return [await redis.get(key) or b""]
        case _:
            return []


def files_with(directory: Path, secret: str) -> Iterator[Path]:
    """Give the files below a directory that have the secret in their name or in them."""
    for path in directory.rglob("*"):
        if secret in path.name or (path.is_file() and secret.encode() in path.read_bytes()):
            yield path
