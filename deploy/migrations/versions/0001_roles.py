# SPDX-License-Identifier: Apache-2.0
"""One role and one schema for each service that keeps data in PostgreSQL.

A role may only use its own schema. It cannot log in until an operator gives it a password:
``ALTER ROLE audit LOGIN PASSWORD '…'``.
"""

from alembic import op

revision = "0001"
down_revision = None

SERVICES = ("orchestrator", "persistence", "audit", "dead_letters")


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for service in SERVICES:
        op.execute(f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{service}') THEN
                    CREATE ROLE {service} NOLOGIN;
                END IF;
            END $$
        """)
        op.execute(f"CREATE SCHEMA {service}")
        op.execute(f"GRANT USAGE ON SCHEMA {service} TO {service}")
        op.execute(f"ALTER ROLE {service} SET search_path = {service}")


def downgrade() -> None:
    for service in SERVICES:
        op.execute(f"DROP SCHEMA {service} CASCADE")
