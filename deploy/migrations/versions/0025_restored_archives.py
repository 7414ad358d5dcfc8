# SPDX-License-Identifier: Apache-2.0
"""When an archived month was put back: its file stays noted, since erasing has to go on in it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

SCHEMA = "persistence"


def upgrade() -> None:
    restored_at = sa.Column("restored_at", sa.DateTime(timezone=True))
    op.add_column("archives", restored_at, schema=SCHEMA)


def downgrade() -> None:
    op.execute("DELETE FROM persistence.archives WHERE restored_at IS NOT NULL")
    op.drop_column("archives", "restored_at", schema=SCHEMA)
