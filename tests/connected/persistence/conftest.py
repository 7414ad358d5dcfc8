# SPDX-License-Identifier: Apache-2.0
"""The persistence service on a database of its own."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.databases import MigratedDatabase
from tests.support.history import TestHistory, history_on


@pytest.fixture
async def history(migrated_database: MigratedDatabase) -> AsyncGenerator[TestHistory]:
    async with history_on(migrated_database) as history:
        yield history
