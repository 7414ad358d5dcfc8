# SPDX-License-Identifier: Apache-2.0
"""The audit service on a database of its own."""

from collections.abc import AsyncGenerator

import pytest

from deploy.embedded.sql import SqlConnection, connected
from tests.support.audit_service import AuditUnderTest, audit_on
from tests.support.databases import MigratedDatabase


@pytest.fixture
async def audit(migrated_database: MigratedDatabase) -> AsyncGenerator[AuditUnderTest]:
    async with audit_on(migrated_database) as audit:
        yield audit


@pytest.fixture
async def intruder(migrated_database: MigratedDatabase) -> AsyncGenerator[SqlConnection]:
    """Somebody with all rights on the database, who can change what the service cannot."""
    async with connected(migrated_database.admin_url) as connection:
        yield connection
