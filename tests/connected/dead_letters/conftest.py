# SPDX-License-Identifier: Apache-2.0
"""The desk on a database of its own."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.databases import MigratedDatabase
from tests.support.desk import TestDesk, desk_on


@pytest.fixture
async def desk(migrated_database: MigratedDatabase) -> AsyncGenerator[TestDesk]:
    async with desk_on(migrated_database) as desk:
        yield desk
