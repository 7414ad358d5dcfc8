# SPDX-License-Identifier: Apache-2.0
"""Runs the migrations on the connection that the runner opened."""

from alembic import context
from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """Run every step in one transaction, kept by the runner."""
    context.configure(connection=connection, version_table="schema_version")
    context.run_migrations()


run(context.config.attributes["connection"])
