# SPDX-License-Identifier: Apache-2.0
"""When what was said in a session was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    erased_at = sa.Column("erased_at", sa.DateTime(timezone=True))
    op.add_column("sessions", erased_at, schema="orchestrator")


def downgrade() -> None:
    op.drop_column("sessions", "erased_at", schema="orchestrator")
