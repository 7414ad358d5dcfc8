# SPDX-License-Identifier: Apache-2.0
"""Has a partition ready for every month in which something will be stored."""

from sqlalchemy import text

from shared.database import Database

AHEAD = "2 months"

_ENSURE = text(f"SELECT persistence.ensure_months(now(), now() + interval '{AHEAD}')")


async def ensure_months(database: Database) -> int:
    """Make the partitions of this month and the next ones; return how many were missing.

    What is stored in a month without one is not lost: it goes to the partition for all others.
    """
    async with database.begin() as connection:
        return int(await connection.scalar(_ENSURE) or 0)
