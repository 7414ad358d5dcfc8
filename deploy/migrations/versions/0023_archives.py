# SPDX-License-Identifier: Apache-2.0
"""Which months of events are in which file, since they are not in ``records`` any more.

Only the owner says so, in the transaction in which it drops the month.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

SCHEMA = "persistence"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "archives",
        sa.Column("month", sa.Text, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT, nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.execute(f"GRANT SELECT ON {SCHEMA}.archives TO {SCHEMA}")


def downgrade() -> None:
    op.drop_table("archives", schema=SCHEMA)
