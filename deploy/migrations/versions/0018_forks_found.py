# SPDX-License-Identifier: Apache-2.0
"""An index to find the forks of a session, on both sets of read models."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

SCHEMAS = ("persistence", "persistence_next")
INDEX = "sessions_forked_from"


def upgrade() -> None:
    for schema in SCHEMAS:
        op.create_index(
            INDEX,
            "sessions",
            ["forked_from", "forked_at_sequence"],
            postgresql_where=sa.text("forked_from IS NOT NULL"),
            schema=schema,
        )


def downgrade() -> None:
    for schema in SCHEMAS:
        op.drop_index(INDEX, "sessions", schema=schema)
