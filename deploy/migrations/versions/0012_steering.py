# SPDX-License-Identifier: Apache-2.0
"""The orchestrator: sessions can be paused, and idle ones are found."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

SCHEMA = "orchestrator"


def upgrade() -> None:
    paused = sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("sessions", paused, schema=SCHEMA)
    op.create_index(
        "sessions_active",
        "sessions",
        ["updated_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'active'"),
    )


def downgrade() -> None:
    op.drop_index("sessions_active", "sessions", schema=SCHEMA)
    op.drop_column("sessions", "paused", schema=SCHEMA)
